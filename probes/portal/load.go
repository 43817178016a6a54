package portal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// The shape of the file. Values of which a wrong one must be shown with its line stay nodes at first.
type scriptFile struct {
	Title   string       `yaml:"title"`
	About   string       `yaml:"about"`
	Start   yaml.Node    `yaml:"start"`
	Length  yaml.Node    `yaml:"length"`
	Every   yaml.Node    `yaml:"every"`
	Site    Site         `yaml:"site"`
	Flow    Flow         `yaml:"flow"`
	Hidden  []Stage      `yaml:"hidden"`
	Notices []noticeFile `yaml:"notices"`
	Events  []eventFile  `yaml:"events"`
}

type eventFile struct {
	At       yaml.Node           `yaml:"at"`
	Phase    string              `yaml:"phase"`
	Say      string              `yaml:"say"`
	Site     *Site               `yaml:"site"`
	Stages   map[Stage]yaml.Node `yaml:"stages"`
	Publish  []noticeFile        `yaml:"publish"`
	Edit     []noticeFile        `yaml:"edit"`
	Withdraw []yaml.Node         `yaml:"withdraw"`
}

type noticeFile struct {
	ID    yaml.Node `yaml:"id"`
	At    yaml.Node `yaml:"at"`
	Title string    `yaml:"title"`
	Text  string    `yaml:"text"`
}

// LoadScript reads a script. Its error joins everything that is wrong, each with file and line.
func LoadScript(name string, data []byte) (*Script, error) {
	l := &loader{name: name}
	var file scriptFile
	l.decode(data, &file)
	if len(l.errs) > 0 {
		return nil, errors.Join(l.errs...)
	}
	script := l.script(file)
	if len(l.errs) > 0 {
		return nil, errors.Join(l.errs...)
	}
	return script, nil
}

type loader struct {
	name string
	errs []error
}

// errorf notes a mistake; line 0 stands for one that concerns the whole file.
func (l *loader) errorf(line int, format string, args ...any) {
	place := l.name
	if line > 0 {
		place += ":" + strconv.Itoa(line)
	}
	l.errs = append(l.errs, fmt.Errorf("%s: %w", place, fmt.Errorf(format, args...)))
}

var (
	yamlLine     = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)
	unknownField = regexp.MustCompile(`^field (\S+) not found in type .*$`)
	wrongType    = regexp.MustCompile("^cannot unmarshal \\S+ (`.*` )?into .*$")
)

// decode decodes strictly, and words the library's errors without its Go types.
func (l *loader) decode(data []byte, to any) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	err := decoder.Decode(to)
	if err == nil && !errors.Is(decoder.Decode(new(yaml.Node)), io.EOF) {
		err = errors.New("a script is one YAML document, and here is a second one")
	}
	var typed *yaml.TypeError
	switch {
	case err == nil:
	case errors.Is(err, io.EOF):
		l.errorf(0, "the script is empty")
	case errors.As(err, &typed):
		for _, message := range typed.Errors {
			l.yamlError(message)
		}
	default:
		l.yamlError(err.Error())
	}
}

func (l *loader) yamlError(message string) {
	line := 0
	if found := yamlLine.FindStringSubmatch(message); found != nil {
		line, _ = strconv.Atoi(found[1])
		message = found[2]
	}
	if found := unknownField.FindStringSubmatch(message); found != nil {
		message = fmt.Sprintf("unknown key %q", found[1])
	} else if found := wrongType.FindStringSubmatch(message); found != nil {
		message = fmt.Sprintf("value %sis of the wrong type here", found[1])
	}
	l.errorf(line, "%s", message)
}

func (l *loader) script(file scriptFile) *Script {
	s := &Script{
		Name: strings.TrimSuffix(path.Base(l.name), ".yaml"), Title: file.Title, About: strings.TrimSpace(file.About),
		Flow: file.Flow, Hidden: file.Hidden, Every: time.Minute, site: file.Site,
	}
	if s.Title == "" {
		l.errorf(0, "title is missing: say in a line what happens")
	}
	if s.site.Name == "" || s.site.Service == "" {
		l.errorf(0, "site needs a name and a service")
	}
	if s.Flow.Name == "" || len(s.Flow.Services) == 0 || len(s.Flow.Critical) == 0 {
		l.errorf(0, "flow needs a name, services and critical stages")
	}
	for _, stage := range slices.Concat(s.Flow.Critical, s.Hidden) {
		if !slices.Contains(Stages(), stage) {
			l.errorf(0, "unknown stage %q (there are %v)", stage, Stages())
		}
	}
	if file.Start.Kind != 0 {
		start, err := time.Parse(time.RFC3339, file.Start.Value)
		if err != nil {
			l.errorf(file.Start.Line, "start %q is no time; write it like 2025-10-30T08:00:00+09:00", file.Start.Value)
		}
		s.Start = start
	}
	s.Length = l.duration(file.Length, "length")
	if file.Every.Kind != 0 {
		s.Every = l.duration(file.Every, "every")
	}
	if s.Length <= 0 || s.Every <= 0 {
		l.errorf(max(file.Length.Line, file.Every.Line), "length and every must be longer than nothing, like length: 3m and every: 10s")
	}
	standing := map[string]bool{}
	for _, n := range file.Notices {
		s.notices = append(s.notices, l.notice(s, n, 0, standing))
	}
	for i, e := range file.Events {
		s.events = append(s.events, l.event(s, i, e, standing))
	}
	if len(l.errs) == 0 {
		l.texts(s)
	}
	return s
}

func (l *loader) event(s *Script, i int, file eventFile, standing map[string]bool) event {
	line := file.At.Line
	e := event{at: l.moment(s, file.At), phase: file.Phase, say: file.Say, site: file.Site, stages: map[Stage]Condition{}}
	if line == 0 {
		l.errorf(0, "event %d has no at: say when it happens, from the start (90s) or absolutely", i+1)
	}
	if e.say == "" {
		l.errorf(line, "say is missing: tell in words what happens")
	}
	if i > 0 && len(s.events) > 0 && e.at < s.events[i-1].at {
		l.errorf(line, "this event comes before the one above it; keep events in order")
	}
	if e.at < 0 || e.at > s.Length {
		l.errorf(line, "this event is outside of the script, which lasts %v", s.Length)
	}
	if e.site != nil && (e.site.Name == "" || e.site.Service == "") {
		l.errorf(line, "site needs a name and a service")
	}
	for stage, node := range file.Stages {
		condition := l.condition(stage, &node)
		if stage != everywhere {
			e.stages[stage] = condition
			continue
		}
		for _, each := range Stages() {
			if _, own := file.Stages[each]; !own {
				e.stages[each] = condition
			}
		}
	}
	for _, n := range file.Publish {
		e.publish = append(e.publish, l.notice(s, n, e.at, standing))
	}
	for _, n := range file.Edit {
		if !standing[n.ID.Value] {
			l.errorf(max(n.ID.Line, line), "there is no notice %q to edit at this moment", n.ID.Value)
		}
		if n.At.Kind != 0 {
			l.errorf(n.At.Line, "an edited notice keeps its date; at belongs to publish")
		}
		delete(standing, n.ID.Value)
		e.edit = append(e.edit, l.notice(s, n, e.at, standing))
	}
	for _, id := range file.Withdraw {
		if !standing[id.Value] {
			l.errorf(id.Line, "there is no notice %q to withdraw at this moment", id.Value)
		}
		delete(standing, id.Value)
		e.withdraw = append(e.withdraw, id.Value)
	}
	return e
}

func (l *loader) notice(s *Script, file noticeFile, at time.Duration, standing map[string]bool) noticeEdit {
	n := noticeEdit{id: file.ID.Value, at: at, title: file.Title, text: strings.TrimSpace(file.Text)}
	if file.At.Kind != 0 {
		n.at = l.moment(s, file.At)
	}
	switch {
	case n.id == "" || strings.ContainsAny(n.id, "/?#% "):
		l.errorf(file.ID.Line, "a notice needs an id that can stand in an address, like 20251030-01")
	case n.title == "" || n.text == "":
		l.errorf(file.ID.Line, "notice %q needs a title and a text", n.id)
	case standing[n.id]:
		l.errorf(file.ID.Line, "there is a notice %q already; edit it, or take another id", n.id)
	}
	standing[n.id] = true
	return n
}

// moment reads a time from the start of the script: a duration, or in a script with a start an absolute time.
func (l *loader) moment(s *Script, node yaml.Node) time.Duration {
	if node.Kind == 0 {
		return 0
	}
	if absolute, err := time.Parse(time.RFC3339, node.Value); err == nil {
		if s.Start.IsZero() {
			l.errorf(node.Line, "%s is absolute, and the script has no start; write the time from its start, like 90s", node.Value)
		}
		return absolute.Sub(s.Start)
	}
	return l.duration(node, "at")
}

func (l *loader) duration(node yaml.Node, key string) time.Duration {
	if node.Kind == 0 {
		return 0
	}
	d, err := time.ParseDuration(node.Value)
	if err != nil {
		l.errorf(node.Line, "%s: %q is no duration; write it like 90s, 5m or 1h30m", key, node.Value)
	}
	return d
}

// What a condition may say besides its state, and which states only some stages know.
var (
	conditionKeys = map[string][]State{
		"status": {Status, Blocked}, "retry_after": {Status, Blocked}, "delay": {Slow},
	}
	statesOf = map[State][]Stage{
		Normal: nil, Slow: nil, Status: nil, Maintenance: nil, Blocked: nil, ScriptError: nil, Redesign: nil, Moved: nil, Reset: nil, Hang: nil,
		Provisional: {StageApply}, Closed: {StageApply},
		Empty: {StageNotices, StageFeed}, Layout: {StageNotices}, Broken: {StageFeed},
		Refused: {everywhere}, Certificate: {everywhere},
	}
)

func (l *loader) condition(stage Stage, node *yaml.Node) Condition {
	if stage != everywhere && !slices.Contains(Stages(), stage) {
		l.errorf(node.Line, "unknown stage %q (there are %v, and %q for every one)", stage, Stages(), everywhere)
	}
	values := map[string]*yaml.Node{"state": node}
	if node.Kind == yaml.MappingNode {
		values = map[string]*yaml.Node{"state": {Line: node.Line}}
		for i := 0; i+1 < len(node.Content); i += 2 {
			values[node.Content[i].Value] = node.Content[i+1]
		}
	}
	c := Condition{State: State(values["state"].Value)}
	allowed, known := statesOf[c.State]
	switch {
	case !known:
		l.errorf(values["state"].Line, "unknown state %q (there are %v)", c.State, states())
	case allowed != nil && !slices.Contains(allowed, stage):
		l.errorf(values["state"].Line, "state %q is for %v, not for %q", c.State, allowed, stage)
	}
	for key, value := range values {
		if key == "state" {
			continue
		}
		if !slices.Contains(conditionKeys[key], c.State) {
			l.errorf(value.Line, "%q does not go with the state %q", key, c.State)
			continue
		}
		switch key {
		case "status":
			code, err := strconv.Atoi(value.Value)
			if err != nil || code < 400 || code > 599 {
				l.errorf(value.Line, "status: %q is no status of an error (400 to 599)", value.Value)
			}
			c.Code = code
		case "retry_after":
			c.RetryAfter = l.duration(*value, key)
		case "delay":
			c.Delay = l.duration(*value, key)
		}
	}
	switch {
	case c.State == Slow && c.Delay <= 0:
		l.errorf(node.Line, "slow needs a delay, like {state: slow, delay: 4s}")
	case c.State == Status && c.Code == 0:
		c.Code = 503
	case c.State == Blocked && c.Code == 0:
		c.Code = 403
	}
	return c
}

func states() []State {
	var all []State
	for s := range statesOf {
		all = append(all, s)
	}
	slices.Sort(all)
	return all
}

// texts tries every notice's text once, so that a bad template shows when the script is loaded.
func (l *loader) texts(s *Script) {
	try := func(notices []noticeEdit) {
		for _, n := range notices {
			for _, text := range []string{n.title, n.text} {
				if _, err := fill(text, func(d time.Duration) time.Time { return time.Unix(0, 0).Add(d) }); err != nil {
					l.errorf(0, "notice %q: %w", n.id, err)
				}
			}
		}
	}
	try(s.notices)
	for _, e := range s.events {
		try(e.publish)
		try(e.edit)
	}
}
