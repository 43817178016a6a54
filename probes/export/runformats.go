package export

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"mynaprobe/probes"
)

// RunJSON writes {"results": […], "summary": {…}}: results as the API shows them, and how many there are of each
// outcome.
func RunJSON(w io.Writer, results []probes.Result) error {
	if results == nil {
		results = []probes.Result{}
	}
	return writeJSON(w, struct {
		Results []probes.Result `json:"results"`
		Summary RunSummary      `json:"summary"`
	}{results, Summarize(results)})
}

// writeJSON writes a value indented, with Japanese and HTML characters as they are.
func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// The elements of a JUnit report, with all that Ant's junitreport schema requires and nothing that Jenkins' schema
// does not know.
type (
	junitSuites struct {
		XMLName xml.Name     `xml:"testsuites"`
		Suites  []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Package    string          `xml:"package,attr"`
		ID         int             `xml:"id,attr"`
		Name       string          `xml:"name,attr"`
		Timestamp  string          `xml:"timestamp,attr"`
		Hostname   string          `xml:"hostname,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Time       string          `xml:"time,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
		Out        string          `xml:"system-out"`
		Err        string          `xml:"system-err"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Time    string        `xml:"time,attr"`
		Skipped *junitSkipped `xml:"skipped"`
		Error   *junitProblem `xml:"error"`
		Failure *junitProblem `xml:"failure"`
	}
	junitSkipped struct {
		Message string `xml:"message,attr"`
	}
	junitProblem struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// RunJUnit writes results as a JUnit report: a suite a flow and a case a probe. Down is a failure, unknown an error
// (the prober's own), maintenance is skipped; degraded passes, and the suite's output tells of it.
func RunJUnit(w io.Writer, results []probes.Result) error {
	report := junitSuites{}
	for i, group := range byFlow(results) {
		report.Suites = append(report.Suites, junitSuiteOf(i, group))
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(report); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func junitSuiteOf(id int, results []probes.Result) junitSuite {
	name := clean(results[0].Flow)
	if name == "" {
		name = "probes"
	}
	location := clean(results[0].Location)
	if location == "" {
		location = "localhost" // what the schema asks for where the host is not known
	}
	suite := junitSuite{
		Package: "mynaprobe", ID: id, Name: name, Hostname: location, Tests: len(results),
		Properties: []junitProperty{{"flow", name}},
	}
	first := results[0].Start
	var total time.Duration
	var notes strings.Builder
	for _, r := range results {
		if r.Start.Before(first) {
			first = r.Start
		}
		total += r.Duration.Duration()
		class := name
		if r.Stage != "" {
			class += "." + clean(r.Stage)
		}
		c := junitCase{Name: clean(r.Probe), Class: class, Time: decimalSeconds(r.Duration.Duration())}
		problem := &junitProblem{Message: headline(r), Type: string(r.Reason), Text: explanation(r)}
		if problem.Type == "" {
			problem.Type = r.Outcome.String()
		}
		switch r.Outcome {
		case probes.Up:
		case probes.Degraded:
			fmt.Fprintf(&notes, "%s is degraded: %s\n", c.Name, headline(r))
		case probes.Maintenance:
			suite.Skipped++
			c.Skipped = &junitSkipped{Message: headline(r)}
		case probes.Down:
			suite.Failures++
			c.Failure = problem
		default:
			suite.Errors++
			c.Error = problem
		}
		suite.Cases = append(suite.Cases, c)
	}
	// The schema's pattern for the time has no zone: UTC.
	suite.Timestamp = first.UTC().Format("2006-01-02T15:04:05")
	suite.Time = decimalSeconds(total)
	suite.Out = notes.String()
	return suite
}

func decimalSeconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

// headline is a result that is not up in one line: what it means, and what was seen.
func headline(r probes.Result) string {
	words, message := Words(r.Reason, English), clean(r.Message)
	switch {
	case words == "":
		return message
	case message == "":
		return words
	}
	return words + ": " + message
}

// explanation is all that is worth knowing of a result that failed, one fact a line.
func explanation(r probes.Result) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintln(&b, clean(fmt.Sprintf(format, args...))) }
	line("outcome: %s (%s)", r.Outcome, r.Reason)
	if r.Message != "" {
		line("message: %s", r.Message)
	}
	if r.Target != "" {
		line("target: %s", r.Target)
	}
	line("started: %s", r.Start.Format(time.RFC3339))
	if r.Seen != nil {
		line("the run itself saw: %s (%s) %s", r.Seen.Outcome, r.Seen.Reason, r.Seen.Message)
	}
	for i, a := range r.Attempts {
		line("try %d: %s %s %s", i+1, seconds(a.Duration.Duration()), a.Reason, a.Message)
	}
	for _, s := range r.Steps {
		line("step %s: %s %s %s", s.State, s.Name, seconds(s.Duration.Duration()), s.Message)
	}
	if r.Evidence != nil && r.Evidence.Path != "" {
		line("evidence: %s", r.Evidence.Path)
	}
	return b.String()
}

// tapDetail is the YAML block below a test line of TAP.
type tapDetail struct {
	Message  string    `yaml:"message,omitempty"`
	Severity string    `yaml:"severity"`
	Outcome  string    `yaml:"outcome"`
	Reason   string    `yaml:"reason,omitempty"`
	Means    string    `yaml:"means,omitempty"`
	Flow     string    `yaml:"flow,omitempty"`
	Stage    string    `yaml:"stage,omitempty"`
	Target   string    `yaml:"target,omitempty"`
	Started  string    `yaml:"started"`
	Seconds  float64   `yaml:"duration_seconds"`
	Tries    []string  `yaml:"tries,omitempty"`
	Steps    []tapStep `yaml:"steps,omitempty"`
	Evidence string    `yaml:"evidence,omitempty"`
}

type tapStep struct {
	Name    string  `yaml:"name"`
	State   string  `yaml:"state"`
	Seconds float64 `yaml:"duration_seconds"`
	Message string  `yaml:"message,omitempty"`
}

// RunTAP writes results by the Test Anything Protocol, version 13 (https://testanything.org/tap-version-13-specification.html),
// in the part that version 14 reads alike. Down and unknown are "not ok" (the block below tells them apart),
// maintenance is skipped.
func RunTAP(w io.Writer, results []probes.Result) error {
	var b strings.Builder
	fmt.Fprintf(&b, "TAP version 13\n1..%d\n", len(results))
	for i, r := range results {
		ok, directive := "ok", ""
		switch r.Outcome {
		case probes.Up, probes.Degraded:
		case probes.Maintenance:
			directive = " # SKIP " + tapText(headline(r))
		default:
			ok = "not ok"
		}
		name := r.Probe
		if r.Stage != "" {
			name += " (" + r.Stage + ")"
		}
		fmt.Fprintf(&b, "%s %d - %s%s\n", ok, i+1, tapText(name), directive)
		if r.Outcome == probes.Up {
			continue
		}
		block, err := yaml.Marshal(tapDetailOf(r))
		if err != nil {
			return fmt.Errorf("TAP block of probe %s: %w", r.Probe, err)
		}
		b.WriteString("  ---\n")
		for line := range strings.Lines(string(block)) {
			b.WriteString("  " + line)
		}
		b.WriteString("  ...\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func tapDetailOf(r probes.Result) tapDetail {
	detail := tapDetail{
		Message: clean(r.Message), Severity: "comment", Outcome: r.Outcome.String(), Reason: string(r.Reason),
		Means: Words(r.Reason, English), Flow: clean(r.Flow), Stage: clean(r.Stage), Target: clean(r.Target),
		Started: r.Start.Format(time.RFC3339Nano), Seconds: r.Duration.Duration().Seconds(),
	}
	switch r.Outcome {
	case probes.Down:
		detail.Severity = "fail"
	case probes.Unknown:
		detail.Severity = "error"
	}
	if len(r.Attempts) > 1 {
		for _, a := range r.Attempts {
			detail.Tries = append(detail.Tries, clean(fmt.Sprintf("%s %s %s", seconds(a.Duration.Duration()), a.Reason, a.Message)))
		}
	}
	for _, s := range r.Steps {
		detail.Steps = append(detail.Steps, tapStep{clean(s.Name), string(s.State), s.Duration.Duration().Seconds(), clean(s.Message)})
	}
	if r.Evidence != nil {
		detail.Evidence = r.Evidence.Path
	}
	return detail
}

// tapText makes a text fit for a test line, where # begins a directive.
func tapText(text string) string {
	return strings.NewReplacer(`\`, `\\`, "#", `\#`).Replace(clean(text))
}
