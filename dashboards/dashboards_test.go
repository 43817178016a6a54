package dashboards_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mynaprobe/dashboards"
)

// The parts of Grafana's JSON that the tests look at.
type (
	board struct {
		UID, Title, Description string
		Editable                bool
		SchemaVersion           int
		Tags                    []string
		Links                   []struct {
			Title, URL            string
			IncludeVars, KeepTime bool
		}
		Annotations struct{ List []annotation }
		Templating  struct{ List []variable }
		Panels      []boardPanel
	}
	annotation struct {
		Name, Expr, Step, TitleFormat, TextFormat string
		Enable, UseValueForTime                   bool
		Datasource                                source
	}
	variable struct {
		Type, Name, Label, Definition, Regex, AllValue string
		Query                                          any
		Multi, IncludeAll                              bool
		Refresh                                        int
		Datasource                                     source
	}
	source     struct{ Type, UID string }
	boardPanel struct {
		ID                       int
		Type, Title, Description string
		Interval                 string
		MaxDataPoints            int
		GridPos                  struct{ X, Y, W, H int }
		Datasource               source
		Targets                  []target
		Links                    []struct{ Title, URL string }
		FieldConfig              struct {
			Defaults struct {
				Unit, NoValue string
				Mappings      []mapping
				Color         struct{ Mode string }
				Thresholds    struct {
					Steps []struct {
						Value *float64
						Color string
					}
				}
			}
			Overrides []struct {
				Matcher    struct{ ID, Options string }
				Properties []struct {
					ID    string
					Value any
				}
			}
		}
		Transformations []struct {
			ID      string
			Options struct {
				RenameByName  map[string]string
				ExcludeByName map[string]bool
			}
		}
	}
	mapping struct {
		Type    string
		Options map[string]any
	}
	target struct {
		Datasource                        source
		RefID, Expr, LegendFormat, Format string
		Instant, Range                    bool
	}
)

// boards reads the dashboards that are committed.
func boards(t *testing.T) []board {
	t.Helper()
	files, err := filepath.Glob("*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dashboards: %v", err)
	}
	var all []board
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var b board
		if err := json.Unmarshal(data, &b); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if b.UID+".json" != file {
			t.Errorf("%s has the uid %s", file, b.UID)
		}
		all = append(all, b)
	}
	return all
}

func TestFilesAreFresh(t *testing.T) {
	files, err := dashboards.Files()
	if err != nil {
		t.Fatal(err)
	}
	for _, uid := range []string{"mynaprobe-flow", "mynaprobe-probe", "mynaprobe-notices", "mynaprobe-prober"} {
		name := uid + ".json"
		committed, err := os.ReadFile(name)
		if err != nil {
			t.Error(err)
		}
		if !bytes.Equal(committed, files[name]) {
			t.Errorf("%s is stale: run go generate ./dashboards/...", name)
		}
		delete(files, name)
	}
	for name := range files {
		t.Errorf("%s is not one of the dashboards that links rely on", name)
	}
}

func TestDashboardsLeadToEachOther(t *testing.T) {
	all := boards(t)
	for _, b := range all {
		kept := map[string]bool{}
		for _, l := range b.Links {
			if l.IncludeVars && l.KeepTime {
				kept[l.URL] = true
			}
		}
		for _, other := range all {
			if other.UID != b.UID && !kept["/d/"+other.UID] {
				t.Errorf("%s does not lead to %s with variables and time range kept", b.Title, other.Title)
			}
		}
		names := map[string]bool{}
		for _, v := range b.Templating.List {
			names[v.Name] = true
		}
		for _, name := range []string{"datasource", "flow", "stage", "probe", "location"} {
			if !names[name] {
				t.Errorf("%s has no variable %s, so that a link loses it", b.Title, name)
			}
		}
	}
}

func TestPanelsAreLaidOut(t *testing.T) {
	for _, b := range boards(t) {
		taken := map[[2]int]string{}
		for _, p := range b.Panels {
			at := p.GridPos
			if at.X+at.W > 24 || at.W < 1 || at.H < 1 {
				t.Errorf("%s/%s lies outside of the grid: %+v", b.Title, p.Title, at)
			}
			if p.Type != "row" && at.W < 4 {
				t.Errorf("%s/%s is too narrow for a window of 1280 pixels", b.Title, p.Title)
			}
			for x := at.X; x < at.X+at.W; x++ {
				for y := at.Y; y < at.Y+at.H; y++ {
					if other := taken[[2]int{x, y}]; other != "" {
						t.Fatalf("%s/%s covers %s", b.Title, p.Title, other)
					}
					taken[[2]int{x, y}] = p.Title
				}
			}
		}
	}
}

var heading = regexp.MustCompile(`(?m)^#+ (\w+)$`)

// TestRunbooksAndAlertsMeetDashboards follows the links from panels to runbooks, and from alerts to dashboards.
func TestRunbooksAndAlertsMeetDashboards(t *testing.T) {
	text, err := os.ReadFile("../deploy/runbooks.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]bool{"": true}
	for _, m := range heading.FindAllStringSubmatch(string(text), -1) {
		sections[strings.ToLower(m[1])] = true
	}
	chosen := map[string]map[string]bool{} // variables by path of the dashboard
	for _, b := range boards(t) {
		linked := 0
		chosen["/d/"+b.UID] = map[string]bool{}
		for _, v := range b.Templating.List {
			chosen["/d/"+b.UID]["var-"+v.Name] = true
		}
		for _, p := range b.Panels {
			for _, l := range p.Links {
				if section, ok := strings.CutPrefix(l.URL, "${runbooks:raw}#"); ok {
					linked++
					if !sections[section] {
						t.Errorf("%s/%s: the runbooks have no section %s", b.Title, p.Title, section)
					}
				}
			}
		}
		if linked == 0 {
			t.Errorf("%s leads to no runbook", b.Title)
		}
	}
	followed := 0
	for _, r := range loadRules(t) {
		_, address, ok := strings.Cut(r.Annotations["dashboard_url"], "/d/")
		if !ok {
			continue
		}
		followed++
		path, query, _ := strings.Cut(address, "?")
		variables := chosen["/d/"+strings.TrimSuffix(path, "/")]
		if variables == nil {
			t.Errorf("%s leads to the dashboard %s, which there is not", r.Alert, path)
		}
		for _, pair := range strings.Split(query, "&") {
			if name, _, _ := strings.Cut(pair, "="); name != "" && variables != nil && !variables[name] {
				t.Errorf("%s sets %s, which %s has not", r.Alert, name, path)
			}
		}
	}
	if followed == 0 {
		t.Error("no alert leads to a dashboard")
	}
}

// TestNothingIsHidden holds what Grafana does with long ranges and with states.
func TestNothingIsHidden(t *testing.T) {
	averages := regexp.MustCompile(`\b(avg|avg_over_time|quantile_over_time)\b`)
	fixed := regexp.MustCompile(`\b(vector|absent|absent_over_time)\s*\(|\bor\s+-?[0-9.]+`)
	for _, b := range boards(t) {
		for _, p := range b.Panels {
			if p.Type == "row" {
				continue
			}
			where := b.Title + "/" + p.Title
			defaults := p.FieldConfig.Defaults
			if defaults.NoValue == "" {
				t.Errorf("%s does not say in words what no data means", where)
			}
			if p.Type == "state-timeline" && !strings.HasPrefix(defaults.Color.Mode, "palette") {
				t.Errorf("%s: Grafana 9.4 ignores the words of a state timeline with the colour mode %q", where, defaults.Color.Mode)
			}
			if p.Type == "state-timeline" && (len(defaults.Mappings) == 0 || p.MaxDataPoints == 0) {
				t.Errorf("%s: states without words, or too narrow to be seen", where)
			}
			if n := len(defaults.Thresholds.Steps); n > 1 && strings.Count(p.Description, ": ") < n {
				t.Errorf("%s: its thresholds are not described in words", where)
			}
			for _, q := range p.Targets {
				// Of a whole range an average is what availability is; over time it hides what is short.
				if q.Range && averages.MatchString(q.Expr) {
					t.Errorf("%s averages over time: %s", where, q.Expr)
				}
				if fixed.MatchString(q.Expr) {
					t.Errorf("%s has a constant where there is no data: %s", where, q.Expr)
				}
			}
		}
	}
}
