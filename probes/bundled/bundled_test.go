package bundled_test

import (
	"io/fs"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/bundled"
	"mynaprobe/probes/definition"
)

func load(t *testing.T) probes.Set {
	t.Helper()
	set, err := definition.LoadFS(bundled.Files, bundled.Pattern)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// address returns where a probe looks first.
func address(t *testing.T, p probes.Probe) *url.URL {
	t.Helper()
	var text string
	switch {
	case p.HTTP != nil:
		text = p.HTTP.Requests[0].URL
	case p.Browser != nil:
		text = p.Browser.Steps[0].Value.Text
	default:
		text = p.Notice.URL
	}
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestManners(t *testing.T) {
	for _, p := range load(t).Probes {
		if p.Every < 5*time.Minute || p.Every > 15*time.Minute {
			t.Errorf("%s: every %s; other people's hosts are probed every 5 to 15 minutes", p.Name, p.Every)
		}
		if p.RobotsAgreed || p.HTTP != nil && p.HTTP.Retry.Attempts > 1 {
			t.Errorf("%s: nobody agreed to anything, and retries multiply the load", p.Name)
		}
		if p.Confirm.Spread != 0 {
			t.Errorf("%s: confirming runs are brought nearer than the default", p.Name)
		}
		u := address(t, p)
		if strings.HasSuffix(u.Path, ".form") || strings.HasSuffix(u.Path, ".dmg") {
			t.Errorf("%s: no form screens, no downloads", p.Name)
		}
		if p.HTTP != nil {
			for _, r := range p.HTTP.Requests {
				if r.Method != "GET" && r.Method != "HEAD" || r.Body != (probes.Value{}) || r.BasicUser != (probes.Value{}) || r.Bearer != (probes.Value{}) {
					t.Errorf("%s: only looks, never sends or logs in", p.Name)
				}
			}
		}
		if p.Browser != nil {
			for _, s := range p.Browser.Steps {
				switch s.Action {
				case probes.ActionFill, probes.ActionUpload, probes.ActionSelect, probes.ActionCheck, probes.ActionPress:
					t.Errorf("%s: %s on other people's forms", p.Name, s.Action)
				}
			}
		}
	}
}

func TestReferences(t *testing.T) {
	set := load(t)
	var owners []string
	for _, r := range set.References() {
		host := address(t, r).Hostname()
		parts := strings.Split(host, ".")
		owner := strings.Join(parts[len(parts)-2:], ".")
		if slices.Contains(owners, owner) {
			t.Errorf("%s: a second reference with %s", r.Name, owner)
		}
		owners = append(owners, owner)
		for _, p := range set.Probes {
			if !p.Reference && strings.HasSuffix(address(t, p).Hostname(), owner) {
				t.Errorf("%s is no reference for %s", r.Name, p.Name)
			}
		}
		if _, err := netip.ParseAddr(host); err == nil {
			t.Errorf("%s: a bare address says nothing of name resolution", r.Name)
		}
	}
	if len(owners) < 2 {
		t.Errorf("references with %v; two or more are needed", owners)
	}
}

func TestFlows(t *testing.T) {
	set := load(t)
	services := map[string]string{}
	for _, f := range set.Flows {
		if len(f.Critical) == 0 || len(f.Services) == 0 || f.Title == f.Name {
			t.Errorf("%s: critical %v, services %v, title %q", f.Name, f.Critical, f.Services, f.Title)
		}
		for _, s := range f.Services {
			if other := services[s]; other != "" {
				t.Errorf("%s and %s both answer to %s", f.Name, other, s)
			}
			services[s] = f.Name
		}
		for _, s := range f.Stages {
			if !slices.ContainsFunc(set.Probes, func(p probes.Probe) bool { return p.Flow == f.Name && p.Stage == s.Name && !p.Disabled }) {
				t.Errorf("%s: no probe looks at the stage %s", f.Name, s.Name)
			}
		}
	}
	if services["iPhoneのマイナンバーカード"] != "iphone-mynumber-card" || services["Androidのマイナンバーカード"] != "android-mynumber-card" {
		t.Errorf("services %v", services)
	}
	// A notice that concerns any of the flows is read, whichever flow its probe belongs to.
	for _, p := range set.Probes {
		if p.Notice == nil || p.Disabled {
			continue
		}
		for service := range services {
			if !slices.ContainsFunc(p.Notice.About, func(word string) bool { return probes.ContainsFolded(service, word) }) {
				t.Errorf("%s passes over notices about %s", p.Name, service)
			}
		}
	}
}

var (
	item       = regexp.MustCompile(`^  - name: (\S+)`)
	dated      = regexp.MustCompile(`20\d\d-\d\d`)
	confidence = regexp.MustCompile(`Confidence ([ABCG])`)
)

// Every definition says in a comment what is known, since when, how surely, and that nobody has looked yet; a guess is
// disabled.
func TestProvenance(t *testing.T) {
	set := load(t)
	names, err := fs.Glob(bundled.Files, bundled.Pattern)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, name := range names {
		text, err := fs.ReadFile(bundled.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		var comment string
		for line := range strings.Lines(string(text)) {
			trimmed := strings.TrimSpace(line)
			if strings.HasPrefix(trimmed, "#") {
				comment += strings.TrimPrefix(trimmed, "#")
				continue
			}
			if m := item.FindStringSubmatch(line); m != nil {
				seen++
				i := slices.IndexFunc(set.Probes, func(p probes.Probe) bool { return p.Name == m[1] })
				sure := confidence.FindStringSubmatch(comment)
				switch {
				case i < 0:
					t.Errorf("%s: %s was not loaded", name, m[1])
				case !dated.MatchString(comment), sure == nil, !strings.Contains(comment, "Wants one live look"):
					t.Errorf("%s: the comment of %s lacks a date, a confidence or the wish for a live look: %s", name, m[1], comment)
				case sure[1] == "G" && !set.Probes[i].Disabled:
					t.Errorf("%s: %s is a guess and must be disabled", name, m[1])
				}
			}
			comment = ""
		}
	}
	if seen != len(set.Probes) || seen < 12 {
		t.Errorf("%d comments were read for %d probes", seen, len(set.Probes))
	}
}

func TestExample(t *testing.T) {
	set, err := definition.Parse("example.yaml", bundled.Example)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[probes.Kind]bool{}
	for _, p := range set.Probes {
		kinds[p.Kind] = true
		host := address(t, p).Hostname()
		if !p.Reference && !p.Disabled && host != "example.com" {
			t.Errorf("%s: the example looks at %s", p.Name, host)
		}
	}
	if len(kinds) != 3 || len(set.References()) < 2 || len(set.Planned) != 1 {
		t.Errorf("the example should show every kind: %v", kinds)
	}
}
