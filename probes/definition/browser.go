package definition

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"mynaprobe/probes"
)

// browserDef is the browser block of a probe.
type browserDef struct {
	probes.Browser
	steps   []stepDef
	headers []pair[probes.Value]
	slow    located[time.Duration]
}

// stepDef is one step with its place.
type stepDef struct {
	probes.Step
	node *yaml.Node
	must located[bool]
}

// lookup is a target with the value that goes into it.
type lookup struct {
	target probes.Target
	value  located[probes.Value]
}

var roles = pattern("an ARIA role", `^[a-z]+$`, "roles are lower-case words: button, link, textbox, heading")

// targetFields are the ways to name elements.
func targetFields[T any](in func(*T) *probes.Target) []field[T] {
	return []field[T]{
		key("selector", pageSelector, func(v *T) *string { return &in(v).Selector }, "A CSS selector; host >>> part looks inside of the shadow trees of the hosts."),
		key("text", text, func(v *T) *string { return &in(v).Text }, "A visible text that the element contains."),
		key("role", roles, func(v *T) *string { return &in(v).Role }, "Its ARIA role."),
		key("name", text, func(v *T) *string { return &in(v).Name }, "Its accessible name, beside the role."),
		key("label", text, func(v *T) *string { return &in(v).Label }, "The label of a form field."),
		key("nth", integer(1, 1000), func(v *T) *int { return &in(v).Nth }, "Which of several, from 1."),
	}
}

var targetRules = []rule{some("selector", "text", "role", "label"), needs("name", "role")}

var fullTarget = object[probes.Target]{
	name: "target", what: "a target", doc: "Elements of a page; all that is given must hold of them.",
	fields: targetFields(func(t *probes.Target) *probes.Target { return t }),
	rules:  targetRules,
}.shape()

// target is an element by its visible text, or by more.
var target = either(as(text, func(s string) probes.Target { return probes.Target{Text: s} }), fullTarget)

// fillable is a form field and what goes into it.
func fillable(name, what, doc string, value field[lookup]) shape[lookup] {
	return object[lookup]{
		name: name, what: what, doc: doc,
		fields: append(targetFields(func(l *lookup) *probes.Target { return &l.target }), value),
		rules:  targetRules,
		check:  secretField,
	}.shape()
}

var passwordField = regexp.MustCompile(`(?i)password|passwd|passphrase|パスワード|暗証番号|secret|credential`)

// secretField refuses a literal value for what is plainly a password.
func secretField(d *document, _ *yaml.Node, l *lookup) bool {
	t := l.target
	if l.value.value.IsSecret() || l.value.value.Text == "" || !passwordField.MatchString(t.Selector+" "+t.Label+" "+t.Name) {
		return true
	}
	d.hide(l.value.node)
	d.problem(l.value.node, "the value of a password field is a secret and cannot stand in a definition",
		"write value: {env: NAME} for an environment variable or {file: PATH} for a file")
	return false
}

func valueField(doc string) field[lookup] {
	return key("value", at(value), func(l *lookup) *located[probes.Value] { return &l.value }, doc).must()
}

var (
	fillStep   = fillable("fill", "fill", "Writes a text into a form field.", valueField("The text, or a secret by name."))
	selectStep = fillable("select", "select", "Chooses an option of a list.", valueField("The option's value or text."))
	uploadStep = fillable("upload", "upload", "Puts a file into a file field.",
		key("file", at(as(file, func(s string) probes.Value { return probes.Value{Text: s} })),
			func(l *lookup) *located[probes.Value] { return &l.value }, "The file's path.").must())
	pressStep = either(as(text, func(s string) lookup { return lookup{value: located[probes.Value]{value: probes.Value{Text: s}}} }), object[lookup]{
		name: "press", what: "press", doc: "Presses a key, on an element where one is given.",
		fields: append(targetFields(func(l *lookup) *probes.Target { return &l.target }),
			key("key", at(as(text, func(s string) probes.Value { return probes.Value{Text: s} })), func(l *lookup) *located[probes.Value] { return &l.value }, "The key: Enter, Tab, Control+a.").must()),
		rules: []rule{needs("name", "role")},
	}.shape())
	scrollStep = either(as(enum("top", "bottom"), func(s string) lookup { return lookup{value: located[probes.Value]{value: probes.Value{Text: s}}} }),
		as(fullTarget, func(t probes.Target) lookup { return lookup{target: t} }))
	frameStep = either(as(enum("page"), func(string) probes.Target { return probes.Target{} }), fullTarget)
)

var absoluteURL = checked(pageURL, func(s string) (string, string) {
	if m := placeholder.FindString(s); m != "" {
		return m + " cannot stand in the address of a step", "only requests in a row carry values; write the address out"
	}
	return "", ""
})

var tabStep = reads(`"opened" or an address`, text.schema, func(d *document, n *yaml.Node) (string, bool) {
	if n.Kind == yaml.ScalarNode && n.Value == "opened" {
		return "", true
	}
	return absoluteURL.decode(d, n)
})

var waitCount = object[probes.WaitCount]{
	name: "wait_count", what: "count", doc: "A number of elements to wait for.",
	fields: []field[probes.WaitCount]{
		key("selector", pageSelector, func(w *probes.WaitCount) *string { return &w.Selector }, "A CSS selector.").must(),
		key("min", integer(0, 1_000_000), func(w *probes.WaitCount) *int { return &w.Min }, "The least number."),
		key("max", integer(1, 1_000_000), func(w *probes.WaitCount) *int { return &w.Max }, "The greatest number."),
	},
	rules: []rule{some("min", "max")},
	check: func(d *document, n *yaml.Node, w *probes.WaitCount) bool {
		return ordered(d, n, "min", "max", int64(w.Min), int64(w.Max))
	},
}.shape()

func pointer[T any](v T) *T { return &v }

var waitStep = func() shape[probes.Wait] {
	long := object[probes.Wait]{
		name: "wait", what: "wait", doc: "What to wait for.",
		fields: []field[probes.Wait]{
			key("visible", as(target, pointer), func(w *probes.Wait) **probes.Target { return &w.Visible }, "An element that becomes visible."),
			key("hidden", as(target, pointer), func(w *probes.Wait) **probes.Target { return &w.Hidden }, "An element that goes away."),
			key("text", text, func(w *probes.Wait) *string { return &w.Text }, "A text that appears."),
			key("count", as(waitCount, pointer), func(w *probes.Wait) **probes.WaitCount { return &w.Count }, "A number of elements."),
			key("url", text, func(w *probes.Wait) *string { return &w.URL }, "A part of the page's address."),
			key("quiet", duration, func(w *probes.Wait) *time.Duration { return &w.Quiet }, "A time in which no request is under way."),
		},
		rules: []rule{one("visible", "hidden", "text", "count", "url", "quiet")},
	}.shape()
	pause := regexp.MustCompile(`^[0-9.]+(ms|s|m|h)?$`)
	short := as(checked(text, func(s string) (string, string) {
		if pause.MatchString(s) {
			return "a step cannot wait for a fixed time", "say what to wait for: wait: {quiet: 500ms}, {visible: …}, {text: …}"
		}
		return "", ""
	}), func(s string) probes.Wait { return probes.Wait{Text: s} })
	return either(short, long)
}()

// action makes the key of an action.
func action[V any](a probes.Action, s shape[V], put func(*probes.Step, V), doc string) field[stepDef] {
	return field[stepDef]{name: string(a), doc: doc, schema: s.schema, set: func(d *document, step *stepDef, n *yaml.Node) bool {
		v, ok := s.decode(d, n)
		if ok {
			step.Action = a
			put(&step.Step, v)
		}
		return ok
	}}
}

func putTarget(s *probes.Step, t probes.Target) { s.Target = t }
func putText(s *probes.Step, v string)          { s.Value = probes.Value{Text: v} }
func putLookup(s *probes.Step, l lookup)        { s.Target, s.Value = l.target, l.value.value }
func putNothing(*probes.Step, bool)             {}

var actions = []field[stepDef]{
	action(probes.ActionOpen, absoluteURL, putText, "Opens an address."),
	action(probes.ActionClick, target, putTarget, "Clicks on an element."),
	action(probes.ActionFill, fillStep, putLookup, "Writes a text into a form field."),
	action(probes.ActionSelect, selectStep, putLookup, "Chooses an option of a list."),
	action(probes.ActionCheck, target, putTarget, "Ticks a checkbox or radio button."),
	action(probes.ActionUncheck, target, putTarget, "Unticks a checkbox."),
	action(probes.ActionPress, pressStep, putLookup, "Presses a key."),
	action(probes.ActionUpload, uploadStep, putLookup, "Puts a file into a file field."),
	action(probes.ActionHover, target, putTarget, "Moves the pointer over an element."),
	action(probes.ActionScroll, scrollStep, putLookup, "Scrolls to the top, the bottom or an element."),
	action(probes.ActionWait, waitStep, func(s *probes.Step, w probes.Wait) { s.Wait = w }, "Waits for something, up to the step's timeout."),
	action(probes.ActionSee, target, putTarget, "Expects a text or an element."),
	action(probes.ActionDontSee, target, putTarget, "Expects that a text or an element is not there."),
	action(probes.ActionEvaluate, text, putText, "A JavaScript expression that must become true."),
	action(probes.ActionFrame, frameStep, putTarget, "Goes on inside an iframe; page goes back out."),
	action(probes.ActionTab, tabStep, putText, "Goes on in the tab that was just opened (opened), or in a new one at an address."),
	action(probes.ActionBack, yes, putNothing, "Goes back in the history."),
	action(probes.ActionScreenshot, yes, putNothing, "Keeps a screenshot."),
}

var actionNames = func() []string {
	var names []string
	for _, a := range actions {
		names = append(names, a.name)
	}
	return names
}()

var step = func() shape[stepDef] {
	long := object[stepDef]{
		name: "step", what: "a step", doc: "One thing that a journey does or looks for: exactly one action, and how it is done.",
		fields: append(append([]field[stepDef]{}, actions...),
			key("name", label, func(s *stepDef) *string { return &s.Name }, "What the step is called in results and metrics."),
			key("timeout", duration, func(s *stepDef) *time.Duration { return &s.Timeout }, "The longest the step may take."),
			key("must", at(boolean), func(s *stepDef) *located[bool] { return &s.must }, "Keeps a failing see or dont_see down, where a redesign might explain it."),
		),
		rules: []rule{one(actionNames...)},
		check: func(d *document, _ *yaml.Node, s *stepDef) bool {
			s.Must = s.must.value
			if s.must.given() && s.Action != probes.ActionSee && s.Action != probes.ActionDontSee {
				d.problem(s.must.node, "must means nothing for "+string(s.Action), "it belongs to see and dont_see; take it out")
				return false
			}
			return true
		},
	}.shape()
	// An action that needs no value may stand alone.
	alone := enum(string(probes.ActionBack), string(probes.ActionScreenshot))
	short := reads(alone.want, alone.schema, func(d *document, n *yaml.Node) (stepDef, bool) {
		if slices.Contains(actionNames, n.Value) && n.Value != string(probes.ActionBack) && n.Value != string(probes.ActionScreenshot) {
			d.wrong(n, n.Value+" needs a value", "write - "+n.Value+": …")
			return stepDef{}, false
		}
		if n.Kind != yaml.ScalarNode || !slices.Contains(actionNames, n.Value) {
			d.wrong(n, "a step must be an action with its value, not "+kindOf(n), "write - click: 次へ, or one of "+andList(actionNames))
			return stepDef{}, false
		}
		return stepDef{Step: probes.Step{Action: probes.Action(n.Value)}}, true
	})
	all := either(short, long)
	decode := all.decode
	all.decode = func(d *document, n *yaml.Node) (stepDef, bool) {
		s, ok := decode(d, n)
		s.node = n
		if !ok {
			s.Action = "" // what it does is not certain
		}
		return s, ok
	}
	return all
}()

// cookieDef is a cookie in its long form.
var cookie = object[probes.Cookie]{
	name: "cookie", what: "a cookie", doc: "A cookie that is set before the first step.",
	fields: []field[probes.Cookie]{
		key("name", headerName, func(c *probes.Cookie) *string { return &c.Name }, "The cookie's name.").must(),
		key("value", onlySecret, func(c *probes.Cookie) *probes.Value { return &c.Value }, "Its value, by name: {env: NAME} or {file: PATH}.").must(),
		key("domain", host, func(c *probes.Cookie) *string { return &c.Domain }, "Its domain; the host of the first step where nothing is given."),
		key("path", urlPath, func(c *probes.Cookie) *string { return &c.Path }, "Its path."),
	},
}.shape()

var cookies = func() shape[[]probes.Cookie] {
	long := list(cookie, 1)
	short := as(mapOf(headerName, onlySecret), func(pairs []pair[probes.Value]) []probes.Cookie {
		var all []probes.Cookie
		for _, p := range pairs {
			all = append(all, probes.Cookie{Name: p.key, Value: p.value})
		}
		return all
	})
	return reads("a mapping of names to values", func(b *schemas) any {
		return js{"anyOf": []any{short.schema(b), long.schema(b)}}
	}, func(d *document, n *yaml.Node) ([]probes.Cookie, bool) {
		if n.Kind == yaml.SequenceNode {
			return long.decode(d, n)
		}
		return short.decode(d, n)
	})
}()

var ignoreOrFail = as(enum("ignore", "fail"), func(s string) bool { return s == "fail" })

var viewport = parsed(pattern("a viewport", `^[0-9]{2,4}x[0-9]{2,4}$`, "write width and height in pixels: 1280x800"), func(s string) ([2]int, string) {
	w, h, _ := strings.Cut(s, "x")
	width, _ := strconv.Atoi(w)
	height, _ := strconv.Atoi(h)
	if width < 100 || height < 100 {
		return [2]int{}, "at least 100x100"
	}
	return [2]int{width, height}, ""
})

var browserShape = object[browserDef]{
	name: "browser", what: "browser", doc: "A browser probe: a journey in a real browser.",
	fields: []field[browserDef]{
		key("steps", list(step, 1), func(b *browserDef) *[]stepDef { return &b.steps }, "What is done, in order.").must(),
		key("device", enum("desktop", "iphone", "android"), func(b *browserDef) *string { return &b.Device }, "The kind of device that the page sees."),
		{name: "viewport", doc: "The size of the page, overriding the device's: 1280x800.", schema: viewport.schema, set: func(d *document, b *browserDef, n *yaml.Node) bool {
			v, ok := viewport.decode(d, n)
			b.Width, b.Height = v[0], v[1]
			return ok
		}},
		key("locale", pattern("a language tag", `^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`, "write a BCP 47 tag: ja-JP"), func(b *browserDef) *string { return &b.Locale }, "Language that the page sees; ja-JP where nothing is given."),
		key("timezone", zone, func(b *browserDef) *string { return &b.TimeZone }, "Time zone that the page sees; Asia/Tokyo where nothing is given."),
		key("headers", headers, func(b *browserDef) *[]pair[probes.Value] { return &b.headers }, "Headers added to requests."),
		key("cookies", cookies, func(b *browserDef) *[]probes.Cookie { return &b.Cookies }, "Cookies set before the first step; their values by name."),
		key("first_party", oneOrMany(host), func(b *browserDef) *[]string { return &b.FirstParty }, "Further hosts of the target's own."),
		key("first_party_errors", ignoreOrFail, func(b *browserDef) *bool { return &b.FailOnFirstParty }, "What failing scripts, styles and data of the target's own hosts mean; fail where nothing is given."),
		key("third_party", ignoreOrFail, func(b *browserDef) *bool { return &b.FailOnThirdParty }, "What failing requests of third parties mean; ignore where nothing is given."),
		key("script_errors", ignoreOrFail, func(b *browserDef) *bool { return &b.FailOnScriptError }, "What uncaught errors in the page mean; ignore where nothing is given."),
		key("maintenance", patterns, func(b *browserDef) *probes.Patterns { return &b.Maintenance }, "What the target's own maintenance page shows."),
		key("slow", at(duration), func(b *browserDef) *located[time.Duration] { return &b.slow }, "The duration past which a good run is degraded."),
	},
	initial: browserDef{Browser: probes.Browser{Device: "desktop", Locale: "ja-JP", TimeZone: "Asia/Tokyo", FailOnFirstParty: true}},
	check:   finishBrowser,
}.shape()

func finishBrowser(d *document, _ *yaml.Node, b *browserDef) bool {
	good := true
	if len(b.steps) == 0 {
		return false
	}
	if first := b.steps[0]; first.Action != "" && first.Action != probes.ActionOpen {
		d.problem(first.node, "the first step must open a page", "begin with - open: https://…")
		good = false
	}
	b.Headers = toHeaders(b.headers)
	lines := map[string]int{}
	for i, s := range b.steps {
		if s.Name == "" {
			s.Name = fmt.Sprintf("%d %s", i+1, s.Action)
		}
		if line, ok := lines[s.Name]; ok {
			d.problem(s.node, fmt.Sprintf("two steps are called %q; the first is on line %d", s.Name, line), "give each a name of its own")
			good = false
		}
		lines[s.Name] = s.node.Line
		b.Steps = append(b.Steps, s.Step)
		b.Steps[i].Name = s.Name
	}
	return good
}
