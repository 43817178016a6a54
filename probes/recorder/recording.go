package recorder

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

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
	t := &translation{Recording: Recording{Title: flow.Title}}
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
	// held are the modifier keys that are down; sized is whether the viewport was set.
	held  []string
	sized bool
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
	case "navigate":
		t.frame, t.target = nil, ""
		t.put(probes.Step{Action: probes.ActionOpen, Value: probes.Value{Text: s.URL}})
		return nil
	}
	if err := t.move(s); err != nil {
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
	case "customStep":
		return fmt.Errorf("%q is a step of an extension, which only that extension can do; take it out of the recording", s.Name)
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
func (t *translation) move(s step) error {
	target := s.Target
	if target == "main" {
		target = ""
	}
	if target != t.target {
		if t.target != "" {
			return errors.New("it goes back to a tab that was left; record each tab's part as a probe of its own")
		}
		t.put(probes.Step{Action: probes.ActionTab})
		t.target, t.frame = target, nil
	}
	if fmt.Sprint(s.Frame) == fmt.Sprint(t.frame) {
		return nil
	}
	if len(t.frame) > 0 {
		t.put(probes.Step{Action: probes.ActionFrame})
	}
	for _, i := range s.Frame {
		t.put(probes.Step{Action: probes.ActionFrame, Target: probes.Target{Selector: "iframe, frame", Nth: i + 1}})
	}
	t.frame = s.Frame
	return nil
}

func (t *translation) onElement(place int, s step) error {
	element, css, err := pick(s.Selectors, s.Type == "change")
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
			if css == "" {
				return errors.New("a double click needs a CSS selector")
			}
			t.put(probes.Step{Action: probes.ActionClick, Target: element})
			t.put(probes.Step{Action: probes.ActionEvaluate, Value: probes.Value{Text: fmt.Sprintf(
				"document.querySelector(%s).dispatchEvent(new MouseEvent('dblclick', {bubbles: true, cancelable: true, detail: 2})) || true", quote(css))}})
		}
	}
	return nil
}

var (
	secretField = regexp.MustCompile(`(?i)passw|passphrase|パスワード|暗証番号`)
	ariaRole    = regexp.MustCompile(`^(.*)\[role="([a-z]+)"\]$`)
)

// pick chooses among the alternatives: what a person sees before what a redesign changes first. A field is not known by
// its text, since that is what was typed into it. The CSS selector is returned as well, where there is one.
func pick(alternatives selectors, field bool) (t probes.Target, css string, err error) {
	var byRole, byText probes.Target
	for _, way := range alternatives {
		last := way[len(way)-1]
		kind, rest, prefixed := strings.Cut(last, "/")
		switch {
		case prefixed && kind == "aria":
			if m := ariaRole.FindStringSubmatch(rest); m != nil && byRole == (probes.Target{}) {
				byRole = probes.Target{Role: m[2], Name: m[1]}
			}
		case prefixed && kind == "text":
			byText = probes.Target{Text: rest}
		case prefixed && kind == "xpath":
		case prefixed && kind == "pierce":
			if css == "" {
				css = rest
			}
		default:
			if css == "" {
				css = last
			}
		}
	}
	switch {
	case byRole != (probes.Target{}):
		return byRole, css, nil
	case !field && byText != (probes.Target{}):
		return byText, css, nil
	case css != "":
		return probes.Target{Selector: css}, css, nil
	}
	for _, way := range alternatives {
		if name, ok := strings.CutPrefix(way[len(way)-1], "aria/"); ok {
			if field {
				return probes.Target{Label: name}, "", nil
			}
			return probes.Target{Text: name}, "", nil
		}
	}
	return t, "", errors.New("no selector that a probe understands (CSS, aria/, text/, pierce/)")
}

var modifiers = map[string]string{
	"Control": "Control", "ControlLeft": "Control", "ControlRight": "Control", "Shift": "Shift", "ShiftLeft": "Shift", "ShiftRight": "Shift",
	"Alt": "Alt", "AltLeft": "Alt", "AltRight": "Alt", "Meta": "Meta", "MetaLeft": "Meta", "MetaRight": "Meta",
}

// keyNames are the names of keys that differ between recordings and probes.
var keyNames = map[string]string{"\r": "Enter", "\n": "Enter", "NumpadEnter": "Enter", " ": "Space"}

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
	case strings.HasPrefix(key, "Key") && len(key) == 4:
		key = strings.ToLower(key[3:])
	}
	if key == "" {
		return errors.New("it names no key")
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
	if len(s.Selectors) > 0 {
		element, _, err := pick(s.Selectors, false)
		if err != nil {
			return err
		}
		t.put(probes.Step{Action: probes.ActionScroll, Target: element})
		return nil
	}
	x, y := value(s.X), value(s.Y)
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
	element, css, err := pick(s.Selectors, false)
	if err != nil {
		return err
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
	}{{"document.querySelector(%s)?.getAttribute(%s) === %s", asAny(s.Attributes)}, {"document.querySelector(%s)?.[%s] === %s", s.Properties}} {
		for _, name := range sortedKeys(what.values) {
			if css == "" {
				return errors.New("looking at attributes needs a CSS selector")
			}
			want, err := json.Marshal(what.values[name])
			if err != nil {
				return err
			}
			t.put(probes.Step{Action: probes.ActionEvaluate, Value: probes.Value{Text: fmt.Sprintf(what.form, quote(css), quote(name), want)}})
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
		if u, err := url.Parse(e.URL); err == nil && u.Host != "" {
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
