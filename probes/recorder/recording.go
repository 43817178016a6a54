package recorder

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"mynaprobe/probes"
)

// A Recording is a journey that somebody recorded.
type Recording struct {
	Title   string
	Browser probes.Browser
	// Notes say what of the recording a definition cannot hold and was left out.
	Notes []string
}

// The export's format is documented at https://github.com/puppeteer/replay/blob/main/docs/api/interfaces/Schema.UserFlow.md
type userFlow struct {
	Title   string `json:"title"`
	Timeout int    `json:"timeout"`
	Steps   []step `json:"steps"`
}

type step struct {
	Type           string     `json:"type"`
	Timeout        int        `json:"timeout"`
	AssertedEvents []asserted `json:"assertedEvents"`
	Target         string     `json:"target"`
	Frame          []int      `json:"frame"`
	Selectors      selectors  `json:"selectors"`

	Value      string `json:"value"`
	URL        string `json:"url"`
	Key        string `json:"key"`
	Expression string `json:"expression"`
	Name       string `json:"name"`
	Button     string `json:"button"`

	X *float64 `json:"x"`
	Y *float64 `json:"y"`

	Width    int  `json:"width"`
	Height   int  `json:"height"`
	IsMobile bool `json:"isMobile"`

	Operator   string            `json:"operator"`
	Count      *int              `json:"count"`
	Visible    *bool             `json:"visible"`
	Attributes map[string]string `json:"attributes"`
	Properties map[string]any    `json:"properties"`
}

type asserted struct {
	Type  string `json:"type"`
	URL   string `json:"url"`
	Title string `json:"title"`
}

// selectors are alternatives; each is a way through nested roots, of which the last part names the element.
type selectors [][]string

func (s *selectors) UnmarshalJSON(data []byte) error {
	var raw []json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	for _, r := range raw {
		var one string
		var way []string
		if json.Unmarshal(r, &one) == nil {
			way = []string{one}
		} else if err := json.Unmarshal(r, &way); err != nil {
			return errors.New("a selector must be a text or a list of texts")
		}
		if len(way) > 0 {
			*s = append(*s, way)
		}
	}
	return nil
}

// Parse reads an export. Its error names the step that a probe cannot do, with its place in the recording.
func Parse(data []byte) (Recording, error) {
	var flow userFlow
	if err := json.Unmarshal(data, &flow); err != nil {
		return Recording{}, fmt.Errorf("this is no recording (the Recorder panel exports one with \"Export as a JSON file\"): %w", err)
	}
	if len(flow.Steps) == 0 {
		return Recording{}, errors.New("the recording has no steps")
	}
	t := &translation{Recording: Recording{Title: flow.Title}, frames: framesOf(flow.Steps)}
	for i, s := range flow.Steps {
		if s.Timeout == 0 {
			s.Timeout = flow.Timeout
		}
		if err := t.add(i+1, s); err != nil {
			return Recording{}, fmt.Errorf("step %d of the recording, %s: %w", i+1, s.Type, err)
		}
	}
	steps := t.Browser.Steps
	if len(steps) == 0 || steps[0].Action != probes.ActionOpen {
		return Recording{}, errors.New("the recording goes nowhere: before anything else it must navigate to an address")
	}
	return t.Recording, nil
}

// A translation is a Recording in the making.
type translation struct {
	Recording
	timeout time.Duration
	target  string
	frame   []int
	// frames are the targets that are frames, see framesOf.
	frames map[string]bool
	// held are the modifier keys that are down; sized is whether the viewport was set.
	held  []string
	sized bool
}

// framesOf returns the targets that are frames of another site: a recording names both these and the tabs that a page
// opened by their address. It comes back from a frame to the page around it; from a tab only when that was closed.
func framesOf(steps []step) map[string]bool {
	frames, closed := map[string]bool{}, map[string]bool{}
	last := ""
	for _, s := range steps {
		switch {
		case s.Type == "setViewport" || s.Type == "emulateNetworkConditions" || s.Type == "navigate" || s.Type == "customStep":
			continue
		case s.Type == "close":
			closed[s.target()] = true
			continue
		}
		if target := s.target(); target != last {
			if last != "" && !closed[last] {
				frames[last] = true
			}
			last = target
		}
	}
	return frames
}

// target is the address of the tab or frame that the step is in; empty for the page that the recording began with.
func (s step) target() string {
	if s.Target == "main" {
		return ""
	}
	return s.Target
}

func (t *translation) note(place int, format string, args ...any) {
	t.Notes = append(t.Notes, fmt.Sprintf("step %d of the recording: ", place)+fmt.Sprintf(format, args...))
}

func (t *translation) put(s probes.Step) {
	s.Timeout = t.timeout
	t.Browser.Steps = append(t.Browser.Steps, s)
}

func (t *translation) add(place int, s step) error {
	t.timeout = time.Duration(s.Timeout) * time.Millisecond
	switch s.Type {
	case "setViewport":
		return t.viewport(place, s)
	case "emulateNetworkConditions":
		t.note(place, "the network is not slowed down")
		return nil
	case "close":
		t.note(place, "the tab is not closed; a probe closes all of its tabs at the end")
		return nil
	case "customStep":
		t.note(place, "%q is left out; it is a step of an extension, which only that extension can do", s.Name)
		return nil
	case "navigate":
		if strings.HasPrefix(s.URL, "chrome:") || strings.HasPrefix(s.URL, "about:") {
			t.note(place, "%s is left out; it is a page of the browser's own", s.URL)
			return nil
		}
		t.frame, t.target = nil, ""
		t.put(probes.Step{Action: probes.ActionOpen, Value: probes.Value{Text: s.URL}})
		return t.assert(s.AssertedEvents)
	}
	if err := t.move(place, s); err != nil {
		return err
	}
	if err := t.act(place, s); err != nil {
		return err
	}
	return t.assert(s.AssertedEvents)
}

func (t *translation) act(place int, s step) error {
	switch s.Type {
	case "click", "doubleClick", "hover", "change":
		return t.onElement(place, s)
	case "keyDown":
		return t.keyDown(s.Key)
	case "keyUp":
		t.keyUp(s.Key)
		return nil
	case "scroll":
		return t.scroll(s)
	case "waitForElement":
		return t.waitForElement(s)
	case "waitForExpression":
		t.put(probes.Step{Action: probes.ActionEvaluate, Value: probes.Value{Text: s.Expression}})
		return nil
	}
	return errors.New("there is no such type of step")
}

func (t *translation) viewport(place int, s step) error {
	if t.sized && (t.Browser.Width != s.Width || t.Browser.Height != s.Height) {
		t.note(place, "the window keeps the size that it was given first")
		return nil
	}
	t.sized, t.Browser.Width, t.Browser.Height = true, s.Width, s.Height
	if s.IsMobile {
		t.Browser.Device = "android"
	}
	return nil
}

// move goes into the tab and the frame that the step is in.
func (t *translation) move(place int, s step) error {
	if target := s.target(); target != t.target {
		switch {
		case t.target != "" && !t.frames[t.target]:
			return errors.New("it goes back to a tab that was left; record each tab's part as a probe of its own")
		case t.frames[t.target] || len(t.frame) > 0:
			t.put(probes.Step{Action: probes.ActionFrame})
		}
		t.frame = nil
		switch {
		case t.frames[target]:
			u, err := url.Parse(target)
			if err != nil {
				return err
			}
			t.note(place, "%s is taken for a frame of the page, because the recording comes back from it", target)
			t.put(probes.Step{Action: probes.ActionFrame, Target: probes.Target{Selector: fmt.Sprintf("iframe[src*=%s]", quote(u.Host+u.EscapedPath()))}})
		case target != "":
			t.note(place, "%s is taken for a tab that the step before opened; if it is a frame of the page, write frame: {selector: …} instead of tab: opened", target)
			t.put(probes.Step{Action: probes.ActionTab})
		}
		t.target = target
	}
	if fmt.Sprint(s.Frame) == fmt.Sprint(t.frame) {
		return nil
	}
	if len(t.frame) > 0 {
		if t.frames[t.target] {
			return errors.New("it leaves a frame inside of a frame of another site; record that part as a probe of its own")
		}
		t.put(probes.Step{Action: probes.ActionFrame})
	}
	for _, i := range s.Frame {
		t.put(probes.Step{Action: probes.ActionFrame, Target: probes.Target{Selector: "iframe, frame", Nth: i + 1}})
	}
	t.frame = s.Frame
	return nil
}

func (t *translation) onElement(place int, s step) error {
	element, way, err := pick(s.Selectors, s.Type == "change")
	if err != nil {
		return err
	}
	switch s.Type {
	case "hover":
		t.put(probes.Step{Action: probes.ActionHover, Target: element})
	case "change":
		value := probes.Value{Text: s.Value}
		if secretField.MatchString(fmt.Sprint(s.Selectors)) {
			value = probes.Value{Env: "PASSWORD"}
			t.note(place, "the password is taken from the environment variable PASSWORD, it does not stand in the definition")
		}
		t.put(probes.Step{Action: probes.ActionFill, Target: element, Value: value})
	default:
		if s.Button != "" && s.Button != "primary" {
			return fmt.Errorf("a probe does not press the %s mouse button", s.Button)
		}
		t.put(probes.Step{Action: probes.ActionClick, Target: element})
		if s.Type == "doubleClick" {
			if way == nil {
				return errors.New("a double click needs a CSS selector")
			}
			t.put(probes.Step{Action: probes.ActionClick, Target: element})
			t.put(probes.Step{Action: probes.ActionEvaluate, Value: probes.Value{Text: script(way) +
				".dispatchEvent(new MouseEvent('dblclick', {bubbles: true, cancelable: true, detail: 2})) || true"}})
		}
	}
	return nil
}

var (
	secretField = regexp.MustCompile(`(?i)passw|passphrase|パスワード|暗証番号`)
	ariaRole    = regexp.MustCompile(`^(.*)\[role="(\w+)"\]$`)
)

// pick chooses among the alternatives: what a person sees before what a redesign changes first. A field is not known by
// its text, since that is what was typed into it. The way by CSS selectors is returned as well, where there is one.
func pick(alternatives selectors, field bool) (t probes.Target, css []string, err error) {
	var byRole, byText, byName probes.Target
	var byXPath []string
	for _, way := range alternatives {
		last := way[len(way)-1]
		kind, rest, _ := strings.Cut(last, "/")
		switch {
		case kind == "aria":
			name := rest
			if m := ariaRole.FindStringSubmatch(rest); m != nil {
				name = m[1]
				if name != "" && m[2] != "generic" && m[2] != "StaticText" && byRole == (probes.Target{}) {
					byRole = probes.Target{Role: m[2], Name: name}
				}
			}
			if name != "" && byName == (probes.Target{}) {
				byName = probes.Target{Text: name}
				if field {
					byName = probes.Target{Label: name}
				}
			}
		case kind == "text":
			byText = probes.Target{Text: rest}
		case kind == "xpath":
			if path, ok := cssOf(rest); ok && len(way) == 1 && byXPath == nil {
				byXPath = []string{path}
			}
		case css == nil:
			css = slices.Clone(way)
			for i := range css {
				css[i] = strings.TrimPrefix(css[i], "pierce/")
			}
		}
	}
	if css == nil {
		css = byXPath
	}
	for _, part := range css {
		if strings.HasPrefix(part, "aria/") || strings.HasPrefix(part, "text/") || strings.HasPrefix(part, "xpath/") {
			css = css[len(css)-1:] // of a mixed way, only the end is known
			break
		}
	}
	switch {
	case byRole != (probes.Target{}):
		return byRole, css, nil
	case !field && byText != (probes.Target{}):
		return byText, css, nil
	case css != nil:
		return probes.Target{Selector: strings.Join(css, " >>> ")}, css, nil
	case byName != (probes.Target{}):
		return byName, nil, nil
	}
	return t, nil, errors.New("no selector that a probe understands (CSS, aria/, text/, pierce/, simple xpath/)")
}

var (
	xpathID   = regexp.MustCompile(`^//\*\[@(id|data-[\w-]+)=["']([^"']+)["']\]`)
	xpathStep = regexp.MustCompile(`^/([a-z][a-z0-9-]*)(?:\[([0-9]+)\])?`)
)

// cssOf translates the XPath expressions that the Recorder panel writes: from an id or the root, by names and places.
func cssOf(xpath string) (css string, ok bool) {
	var parts []string
	if m := xpathID.FindStringSubmatch(xpath); m != nil {
		parts = append(parts, fmt.Sprintf("[%s=%s]", m[1], quote(m[2])))
		xpath = xpath[len(m[0]):]
	}
	for xpath != "" {
		m := xpathStep.FindStringSubmatch(xpath)
		if m == nil {
			return "", false
		}
		part := m[1]
		if m[2] != "" {
			part += ":nth-of-type(" + m[2] + ")"
		}
		parts = append(parts, part)
		xpath = xpath[len(m[0]):]
	}
	return strings.Join(parts, " > "), len(parts) > 0
}

// script is a JavaScript expression of the element at the end of the way; each part but the last may be the host of a
// shadow root in which the next is looked for.
func script(way []string) string {
	if len(way) == 1 {
		return "document.querySelector(" + quote(way[0]) + ")"
	}
	list, _ := json.Marshal(way)
	return string(list) + ".reduce((e, s) => e && (e.shadowRoot || e).querySelector(s), document)"
}

var modifiers = map[string]string{
	"Control": "Control", "ControlLeft": "Control", "ControlRight": "Control", "Shift": "Shift", "ShiftLeft": "Shift", "ShiftRight": "Shift",
	"Alt": "Alt", "AltLeft": "Alt", "AltRight": "Alt", "Meta": "Meta", "MetaLeft": "Meta", "MetaRight": "Meta",
}

// keyNames are the names of keys that differ between recordings and probes: codes of keys
// (https://www.w3.org/TR/uievents-code/), of which a keyboard of the United States' layout makes these letters.
var keyNames = map[string]string{
	"\r": "Enter", "\n": "Enter", "NumpadEnter": "Enter", " ": "Space", "NumpadMultiply": "*", "NumpadAdd": "+", "NumpadSubtract": "-",
	"NumpadDivide": "/", "NumpadDecimal": ".", "NumpadEqual": "=", "Semicolon": ";", "Equal": "=", "Comma": ",", "Minus": "-",
	"Period": ".", "Slash": "/", "Backquote": "`", "BracketLeft": "[", "Backslash": "\\", "BracketRight": "]", "Quote": "'",
}

// pressable are the keys with names that a probe can press; keys of one letter it can in any case.
var pressable = regexp.MustCompile(`^(Enter|Tab|Escape|Backspace|Delete|Space|Insert|Home|End|(Arrow|Page)(Up|Down)|Arrow(Left|Right)|F([1-9]|1[0-2]))$`)

func (t *translation) keyDown(key string) error {
	if m := modifiers[key]; m != "" {
		t.held = append(t.held, m)
		return nil
	}
	switch {
	case keyNames[key] != "":
		key = keyNames[key]
	case strings.HasPrefix(key, "Digit") && len(key) == 6:
		key = key[5:]
	case strings.HasPrefix(key, "Numpad") && len(key) == 7:
		key = key[6:]
	case strings.HasPrefix(key, "Key") && len(key) == 4:
		key = strings.ToLower(key[3:])
	}
	if key == "" {
		return errors.New("it names no key")
	}
	if first, _ := utf8.DecodeRuneInString(key); !pressable.MatchString(key) && (utf8.RuneCountInString(key) != 1 || unicode.IsControl(first)) {
		return fmt.Errorf("a probe cannot press the key %q", key)
	}
	t.put(probes.Step{Action: probes.ActionPress, Value: probes.Value{Text: strings.Join(append(append([]string{}, t.held...), key), "+")}})
	return nil
}

func (t *translation) keyUp(key string) {
	m := modifiers[key]
	for i, held := range t.held {
		if held == m {
			t.held = append(t.held[:i], t.held[i+1:]...)
			return
		}
	}
}

func (t *translation) scroll(s step) error {
	x, y := value(s.X), value(s.Y)
	if len(s.Selectors) > 0 {
		element, way, err := pick(s.Selectors, false)
		if err != nil {
			return err
		}
		t.put(probes.Step{Action: probes.ActionScroll, Target: element})
		if x != 0 || y != 0 { // what is inside of the element
			if way == nil {
				return errors.New("scrolling inside of an element needs a CSS selector")
			}
			t.put(probes.Step{Action: probes.ActionEvaluate, Value: probes.Value{Text: fmt.Sprintf("(%s.scrollTo(%v, %v), true)", script(way), x, y)}})
		}
		return nil
	}
	if x == 0 && y == 0 {
		t.put(probes.Step{Action: probes.ActionScroll, Value: probes.Value{Text: "top"}})
		return nil
	}
	t.put(probes.Step{Action: probes.ActionEvaluate, Value: probes.Value{Text: fmt.Sprintf("(scrollTo(%v, %v), true)", x, y)}})
	return nil
}

func value(f *float64) float64 {
	if f == nil {
		return 0
	}
	return *f
}

func (t *translation) waitForElement(s step) error {
	element, way, err := pick(s.Selectors, false)
	if err != nil {
		return err
	}
	css := ""
	if way != nil {
		css = strings.Join(way, " >>> ")
	}
	count := 1
	if s.Count != nil {
		count = *s.Count
	}
	visible := s.Visible == nil || *s.Visible
	switch {
	case count == 0 && s.Operator != ">=", s.Visible != nil && !visible:
		t.put(probes.Step{Action: probes.ActionWait, Wait: probes.Wait{Hidden: &element}})
	case count == 1 && s.Operator != "<=" && s.Count == nil || css == "":
		if count != 1 || s.Operator == "<=" {
			return errors.New("counting elements needs a CSS selector")
		}
		t.put(probes.Step{Action: probes.ActionWait, Wait: probes.Wait{Visible: &element}})
	default:
		w := probes.WaitCount{Selector: css, Min: count, Max: count}
		switch s.Operator {
		case ">=":
			w.Max = 0
		case "<=":
			w.Min = 0
		case "", "==":
		default:
			return fmt.Errorf("there is no operator %q", s.Operator)
		}
		t.put(probes.Step{Action: probes.ActionWait, Wait: probes.Wait{Count: &w}})
	}
	for _, what := range []struct {
		form   string
		values map[string]any
	}{{"%s?.getAttribute(%s) === %s", asAny(s.Attributes)}, {"%s?.[%s] === %s", s.Properties}} {
		for _, name := range sortedKeys(what.values) {
			if way == nil {
				return errors.New("looking at attributes needs a CSS selector")
			}
			want, err := json.Marshal(what.values[name])
			if err != nil {
				return err
			}
			t.put(probes.Step{Action: probes.ActionEvaluate, Value: probes.Value{Text: fmt.Sprintf(what.form, script(way), quote(name), want)}})
		}
	}
	return nil
}

// assert waits for what the recording saw happen after a step.
func (t *translation) assert(events []asserted) error {
	for _, e := range events {
		if e.Type != "navigation" {
			return fmt.Errorf("there is no asserted event %q", e.Type)
		}
		switch u, err := url.Parse(e.URL); {
		case err != nil || u.Host == "":
		case t.frames[t.target]:
			t.put(probes.Step{Action: probes.ActionEvaluate, Value: probes.Value{Text: "location.href.includes(" + quote(u.Host+u.EscapedPath()) + ")"}})
		default:
			t.put(probes.Step{Action: probes.ActionWait, Wait: probes.Wait{URL: u.Host + u.Path}})
			t.frame = nil
		}
		if e.Title != "" {
			t.put(probes.Step{Action: probes.ActionEvaluate, Value: probes.Value{Text: "document.title === " + quote(e.Title)}})
		}
	}
	return nil
}

func quote(text string) string {
	quoted, _ := json.Marshal(text)
	return string(quoted)
}
