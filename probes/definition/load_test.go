package definition_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"mynaprobe/probes"
	"mynaprobe/probes/definition"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func parse(t *testing.T, text string) probes.Set {
	t.Helper()
	set, err := definition.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// failure parses what must fail and returns what was said.
func failure(t *testing.T, err error, wants ...string) {
	t.Helper()
	var errs definition.Errors
	if !errors.As(err, &errs) {
		t.Fatalf("no Errors: %v", err)
	}
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in\n%v", want, err)
		}
	}
}

const site = "probes:\n  - { name: site, http: https://example.jp/ }\n"

func TestLoadDirectory(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "b.yaml", "probes:\n  - { name: b, http: https://example.jp/b }\n")
	a := write(t, dir, "a.yml", "probes:\n  - { name: a, http: https://example.jp/a }\n")
	write(t, dir, ".hidden.yaml", "no definition")
	write(t, dir, "notes.txt", "no definition")
	if err := os.Mkdir(filepath.Join(dir, "below.yaml"), 0o755); err != nil {
		t.Fatal(err)
	}
	set, err := definition.Load(dir, a)
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Probes) != 2 || set.Probes[0].Name != "a" || set.Probes[1].Source != filepath.Join(dir, "b.yaml")+":2" {
		t.Errorf("%+v", set.Probes)
	}
}

// Errors of all files come at once, in the order of the files and positions, with those between the files.
func TestLoadTellsEverything(t *testing.T) {
	dir := t.TempDir()
	one := write(t, dir, "one.yaml", "flow: { name: card }\nbrowser: { slots: 1 }\n"+site)
	two := write(t, dir, "two.yaml", "flow: { name: card }\nbrowser: { slots: 2 }\n"+site+"  - { name: x, evry: 1m, http: https://example.jp/ }\n")
	empty := t.TempDir()
	_, err := definition.Load(one, two, filepath.Join(dir, "none.yaml"), empty)
	failure(t, err,
		filepath.Join(dir, "none.yaml")+": there is no such file or directory",
		empty+": the directory holds no *.yaml or *.yml file",
		two+`:1:15: two flows are called "card"; the first is at `+one+":1",
		two+":2:10: the browser is set up twice; the first is at "+one+":2",
		two+`:4:13: two probes are called "site"; the first is at `+one+":4",
		two+`:5:16: unknown key "evry" in a probe`)
	var errs definition.Errors
	errors.As(err, &errs)
	if len(errs) != 6 {
		t.Errorf("%d errors:\n%v", len(errs), err)
	}
	var single definition.Error
	if !errors.As(err, &single) {
		t.Error("a single Error cannot be had from Errors")
	}
}

func TestLoadFS(t *testing.T) {
	fsys := fstest.MapFS{"a/one.yaml": {Data: []byte(site)}}
	set, err := definition.LoadFS(fsys, "a/*.yaml", "*/one.yaml")
	if err != nil || len(set.Probes) != 1 || set.Probes[0].Source != "a/one.yaml:2" {
		t.Errorf("%+v, %v", set, err)
	}
	_, err = definition.LoadFS(fsys, "*.yaml", "[")
	failure(t, err, "*.yaml: no file matches", "[: the file cannot be read: syntax error in pattern")
}

func TestTooLarge(t *testing.T) {
	_, err := definition.Parse("large.yaml", append([]byte(site+"# "), make([]byte, 16<<20)...))
	failure(t, err, "large.yaml: the file is larger than 16 MiB")
}

// A definition that says nothing else gets what the documentation promises.
func TestDefaults(t *testing.T) {
	set := parse(t, site+`
  - { name: slow, every: 10m, http: https://example.jp/ }
  - { name: quick, every: 5s, http: https://example.jp/ }
  - { name: journey, browser: { steps: [open: https://example.jp/] } }
  - { name: news, notice: https://example.jp/rss.xml }
  - { name: loose, confirm: { of: 5 }, http: https://example.jp/ }
  - { name: tight, confirm: { down: 1, spread: 1s }, http: https://example.jp/ }
`)
	get := map[string]probes.Probe{}
	for _, p := range set.Probes {
		get[p.Name] = p
	}
	usual := probes.Confirm{Down: 3, Of: 3, Good: 2, Merge: 5 * time.Minute}
	p := get["site"]
	if p.Every != time.Minute || p.Timeout != 10*time.Second || p.Confirm != usual || p.Flow != "default" || p.Stage != "default" || p.Kind != probes.KindHTTP {
		t.Errorf("%+v", p)
	}
	r := p.HTTP.Requests[0]
	if r.Method != "GET" || r.MaxRedirects != 10 || r.Name != "request 1" || p.HTTP.MaxBody != 4<<20 || p.HTTP.KeepConnection {
		t.Errorf("%+v", p.HTTP)
	}
	if get["slow"].Confirm.Merge != 20*time.Minute {
		t.Errorf("merge %s", get["slow"].Confirm.Merge)
	}
	if get["quick"].Timeout != 5*time.Second {
		t.Errorf("a timeout that nobody asked for does not fit: %s", get["quick"].Timeout)
	}
	if b := get["journey"]; b.Timeout != 30*time.Second || b.Browser.Locale != "ja-JP" || b.Browser.TimeZone != "Asia/Tokyo" || b.Browser.Device != "desktop" || !b.Browser.FailOnFirstParty {
		t.Errorf("%+v %+v", b, b.Browser)
	}
	if n := get["news"].Notice; n.MinItems != 1 || n.MaxItems != 50 || n.MaxPages != 5 || n.Follow {
		t.Errorf("%+v", n)
	}
	if c := get["loose"].Confirm; c.Down != 3 || c.Of != 5 {
		t.Errorf("%+v", c)
	}
	if c := get["tight"].Confirm; c.Down != 1 || c.Of != 1 || c.Spread != time.Second {
		t.Errorf("%+v", c)
	}
	want := []probes.Flow{{Name: "default", Title: "default", Critical: []string{"default"}, Stages: []probes.Stage{{Name: "default", Title: "default"}}}}
	if !reflect.DeepEqual(set.Flows, want) {
		t.Errorf("%+v", set.Flows)
	}
}

// The defaults of a file hold for its probes alone, the ones of a kind before the others, a probe's own first of all.
func TestDefaultsOfFile(t *testing.T) {
	set := parse(t, `
defaults:
  { every: 2m, timeout: 7s, slow: 5s, confirm: { down: 4, good: 3 }, maintenance: { text: 作業中 }, browser: { every: 9m, timeout: 50s } }
probes:
  - { name: a, http: https://example.jp/ }
  - { name: b, timeout: 20s, confirm: { of: 2 }, browser: { steps: [open: https://example.jp/], maintenance: { title: 停止 } } }
`)
	a, b := set.Probes[0], set.Probes[1]
	if a.Every != 2*time.Minute || a.Timeout != 7*time.Second || a.Slow != 5*time.Second || a.Confirm.Down != 4 || a.Confirm.Good != 3 ||
		!reflect.DeepEqual(a.HTTP.Maintenance.Text, []string{"作業中"}) {
		t.Errorf("%+v", a)
	}
	if b.Every != 9*time.Minute || b.Timeout != 20*time.Second || b.Confirm.Down != 2 || b.Confirm.Of != 2 || b.Confirm.Good != 3 ||
		b.Browser.Maintenance.Text != nil {
		t.Errorf("%+v", b)
	}
}

func TestFlows(t *testing.T) {
	set := parse(t, string(read(t, "testdata/good/two-flows.yaml")))
	want := []probes.Flow{
		{Name: "iphone", Title: "iphone", Critical: []string{"portal"}, Stages: []probes.Stage{{Name: "portal", Title: "portal"}}},
		// A stage that only a notice probe looks at is not critical by itself.
		{Name: "android", Title: "android", Critical: []string{"portal"}, Services: []string{"Androidのマイナンバーカード"},
			Stages: []probes.Stage{{Name: "portal", Title: "portal"}, {Name: "notices", Title: "notices"}}},
	}
	if !reflect.DeepEqual(set.Flows, want) {
		t.Errorf("%+v", set.Flows)
	}
	if set.Browser.URL.Env != "DEVTOOLS_URL" || set.Browser.Slots != 4 {
		t.Errorf("%+v", set.Browser)
	}
}

// A stage that nothing looks at is not critical unless the definition says so.
func TestDisabledProbesMakeNoStageCritical(t *testing.T) {
	set := parse(t, "flow: { name: card }\nprobes:\n  - { name: a, stage: portal, http: https://example.jp/ }\n  - { name: b, stage: apply, disabled: true, http: https://example.jp/ }\n")
	if f := set.Flows[0]; !reflect.DeepEqual(f.Critical, []string{"portal"}) || len(f.Stages) != 2 {
		t.Errorf("%+v", f)
	}
}

func TestBrowserPath(t *testing.T) {
	for path, want := range map[string]string{"chromium": "chromium", "bin/chrome": "defs/bin/chrome", "/usr/bin/chromium": "/usr/bin/chromium"} {
		set, err := definition.Parse("defs/a.yaml", []byte("browser: { path: "+path+" }\n"+site))
		if err != nil || set.Browser.Path != want {
			t.Errorf("%s: %q, %v", path, set.Browser.Path, err)
		}
	}
}

// Terminal control sequences of a definition reach nobody's terminal.
func TestErrorsArePrintable(t *testing.T) {
	_, err := definition.Parse("test.yaml", []byte("probes:\n  - name: \"a\\e[2Jb\"\n    http: { url: https://example.jp/, form: { a: \"${\\e[2J}\" } }\n"))
	failure(t, err, "test.yaml:2:11", "test.yaml:3:45")
	if strings.Contains(err.Error(), "\x1b") {
		t.Errorf("%q", err.Error())
	}
}

func TestFormIsEncodedAroundValues(t *testing.T) {
	set := parse(t, `
probes:
  - name: form
    http:
      requests:
        - { url: https://example.jp/, extract: { id: { header: X-Id } } }
        - { url: https://example.jp/, form: { q: "a&b ${id} c=d" } }
`)
	if body := set.Probes[0].HTTP.Requests[1].Body.Text; body != "q=a%26b+${id}+c%3Dd" {
		t.Errorf("%q", body)
	}
}

func TestMerge(t *testing.T) {
	a := parse(t, "own_hosts: [.example.jp]\nflow: { name: a }\n"+site)
	b := parse(t, "own_hosts: [.example.jp, b.jp]\ncontact: me\nflow: { name: b }\nprobes:\n  - { name: other, http: https://example.jp/ }\n")
	set, err := definition.Merge(a, b)
	if err != nil || len(set.Flows) != 2 || len(set.Probes) != 2 || len(set.OwnHosts) != 2 || set.Contact != "me" {
		t.Errorf("%+v, %v", set, err)
	}
	_, err = definition.Merge(a, a)
	failure(t, err, `two flows are called "a"`, `test.yaml:4: two probes are called "site"; the first is at test.yaml:4`)
}

func TestRelativePaths(t *testing.T) {
	dir := t.TempDir()
	name := write(t, dir, "a.yaml", `
probes:
  - name: site
    http:
      url: https://example.jp/
      bearer: { file: secrets/token }
      tls: { ca: /etc/ca.pem, cert: client.pem, key: client.key }
maintenance:
  - { calendar: work.ics }
`)
	set, err := definition.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	h := set.Probes[0].HTTP
	if h.Requests[0].Bearer.File != filepath.Join(dir, "secrets/token") || h.TLS.CAFile != "/etc/ca.pem" ||
		h.TLS.CertFile != filepath.Join(dir, "client.pem") || set.Planned[0].Calendar != filepath.Join(dir, "work.ics") {
		t.Errorf("%+v %+v", h, set.Planned)
	}
}

// Where a line has a secret, no error on that line shows it.
func TestSecretsAreNotShown(t *testing.T) {
	for _, line := range []string{
		`http: {url: https://example.jp/, passwort: x, basic: {user: u, password: hunter2}, frm: 1}`,
		`http: {url: https://example.jp/, bearer: "hunter2, and more", frm: 1}`,
		`http: {url: https://example.jp/, headers: {Authorization: 'Bearer hunter2'}, frm: 1}`,
		`http: {url: https://example.jp/, api_key: hunter2}`,
		`http: https://user:hunter2@example.jp/a b`,
		"http: {url: https://example.jp/, bearer: hunter2",
		"http: {url: https://example.jp/, bearer: {env: hunter2-pasted}, frm: 1}",
	} {
		_, err := definition.Parse("test.yaml", []byte("probes:\n  - name: site\n    "+line+"\n"))
		failure(t, err, "test.yaml:3:")
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("shown:\n%v", err)
		}
	}
}

func TestCaretOfWideText(t *testing.T) {
	_, err := definition.Parse("test.yaml", []byte("probes:\n  - {name: site, http: {url: https://example.jp/, expect: {title: 日本語, titel: x}}}\n"))
	failure(t, err, "test.yaml:2:72:")
	lines := strings.Split(err.Error(), "\n")
	// Each of the three Japanese characters takes two columns of a terminal.
	if at := strings.Index(lines[2], "^"); at != strings.Index(lines[1], "titel")-3*3+3*2 {
		t.Errorf("the caret is off:\n%v", err)
	}
}

func TestResolveSecret(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PROBE_TEST_SECRET", "from the environment")
	t.Setenv("PROBE_TEST_EMPTY", "")
	for _, test := range []struct {
		value      probes.Value
		want, fail string
	}{
		{probes.Value{Text: "literal"}, "literal", ""},
		{probes.Value{Env: "PROBE_TEST_SECRET"}, "from the environment", ""},
		{probes.Value{Env: "PROBE_TEST_EMPTY"}, "", "PROBE_TEST_EMPTY is not set or empty: set it"},
		{probes.Value{File: write(t, dir, "lf", "secret\n")}, "secret", ""},
		{probes.Value{File: write(t, dir, "crlf", "secret\r\n")}, "secret", ""},
		{probes.Value{File: write(t, dir, "spaces", " two\nlines \n\n")}, " two\nlines \n", ""},
		{probes.Value{File: write(t, dir, "empty", "\n")}, "", "is empty: write the secret into it"},
		{probes.Value{File: write(t, dir, "large", strings.Repeat("x", 65<<10))}, "", "is larger than 64 KiB"},
		{probes.Value{File: filepath.Join(dir, "none")}, "", "create it, or correct the path"},
		{probes.Value{File: dir}, "", "make it a readable file"},
	} {
		got, err := definition.ResolveSecret(test.value)
		if got != test.want || (err == nil) != (test.fail == "") || err != nil && !strings.Contains(err.Error(), test.fail) {
			t.Errorf("%v: %q, %v", test.value, got, err)
		}
	}
}

// What ends a line for YAML and not for an editor moves no place.
func TestPlacesAfterUnusualLineBreaks(t *testing.T) {
	for _, lineBreak := range []string{"\u2028", "\u0085", "\r", "\u2029"} {
		_, err := definition.Parse("test.yaml", []byte("probes:\n  - name: site # a"+lineBreak+"    http: https://example.jp/\n    evry: 1m\n"))
		failure(t, err, "test.yaml:3:5: unknown key")
	}
}
