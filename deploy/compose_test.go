// Package deploy_test holds the files that bring mynaprobe up to what reads them: the compose file and the Dockerfile to
// Docker's own parsers, the unit to systemd, the seccomp profile to a real Chrome. No image is built here and no container
// run: that takes a Docker daemon.
package deploy_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"sigs.k8s.io/yaml"

	"mynaprobe/deploy/parts"
)

// compose loads the compose file as docker compose does, with its schema and the .env beside it.
func compose(t *testing.T, profiles ...string) *types.Project {
	t.Helper()
	return load(t, filepath.Join(parts.Root(), "deploy", "compose.yaml"), profiles...)
}

func load(t *testing.T, path string, profiles ...string) *types.Project {
	t.Helper()
	project, err := loadError(t, path, profiles...)
	if err != nil {
		t.Fatal(err)
	}
	return project
}

func loadError(t *testing.T, path string, profiles ...string) (*types.Project, error) {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{path}, cli.WithEnvFiles(), cli.WithDotEnv, cli.WithDefaultProfiles(profiles...))
	if err != nil {
		t.Fatal(err)
	}
	return options.LoadProject(t.Context())
}

// Prometheus looks for the prober under one name; the demo takes it over.
func TestOneProberRuns(t *testing.T) {
	for _, c := range []struct{ profile, runs, not string }{{"", "mynaprobe", "demo"}, {"demo", "demo", "mynaprobe"}} {
		var profiles []string
		if c.profile != "" {
			profiles = []string{c.profile}
		}
		services := compose(t, profiles...).Services
		if _, ok := services[c.not]; ok {
			t.Errorf("profile %q runs %s too", c.profile, c.not)
		}
		one, ok := services[c.runs]
		if !ok {
			t.Fatalf("profile %q does not run %s", c.profile, c.runs)
		}
		if c.runs != "mynaprobe" && !slices.Contains(one.Networks["default"].Aliases, "mynaprobe") {
			t.Errorf("profile %q: Prometheus does not find the prober", c.profile)
		}
		for _, other := range []string{"prometheus", "alertmanager", "grafana"} {
			if _, ok := services[other]; !ok {
				t.Errorf("profile %q does not run %s", c.profile, other)
			}
		}
	}
}

func TestComposeNamesFilesThatAreThere(t *testing.T) {
	for _, profile := range []string{"prober", "demo"} {
		project := compose(t, profile)
		for name, service := range project.Services {
			for _, v := range service.Volumes {
				if v.Type == types.VolumeTypeBind {
					if _, err := os.Stat(v.Source); err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}
			}
			for _, arg := range service.Command {
				if _, path, ok := strings.Cut(arg, "--config.file="); ok {
					checkMounted(t, name, service, path)
				}
			}
		}
	}
}

// checkMounted wants a file of ours behind the container's path.
func checkMounted(t *testing.T, name string, service types.ServiceConfig, path string) {
	t.Helper()
	for _, v := range service.Volumes {
		if rest, ok := strings.CutPrefix(path, v.Target+"/"); ok && v.Type == types.VolumeTypeBind {
			if _, err := os.Stat(filepath.Join(v.Source, rest)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			return
		}
	}
	t.Errorf("%s reads %s, which is not mounted", name, path)
}

func TestComposeIsConfined(t *testing.T) {
	for _, profile := range []string{"prober", "demo"} {
		for name, service := range compose(t, profile).Services {
			if !slices.Equal(service.CapDrop, []string{"ALL"}) || len(service.CapAdd) > 0 || service.Privileged {
				t.Errorf("%s keeps capabilities", name)
			}
			if !slices.Contains(service.SecurityOpt, "no-new-privileges:true") {
				t.Errorf("%s may gain rights", name)
			}
			for _, p := range service.Ports {
				if p.HostIP != "127.0.0.1" {
					t.Errorf("%s is reached from outside at %s:%s", name, p.HostIP, p.Published)
				}
			}
			if service.Image != "mynaprobe" {
				if _, tag, _ := strings.Cut(service.Image, ":"); tag == "" || tag == "latest" {
					t.Errorf("%s names no version: %s", name, service.Image)
				}
				continue
			}
			if !slices.Contains(service.SecurityOpt, "seccomp:./seccomp.json") {
				t.Errorf("%s: Chrome has no sandbox under %q", name, service.SecurityOpt)
			}
			// the prober has Chrome keep shared memory in files below 512 MiB
			if service.ShmSize < 512<<20 {
				t.Errorf("%s: /dev/shm is too small for Chrome", name)
			}
			if len(service.Command) > 0 {
				checkArguments(t, service.Command)
			}
		}
	}
}

func TestBadComposeFilesAreErrors(t *testing.T) {
	for _, text := range []string{
		"services: { a: { image: b, restrat: always } }",
		"services: { a: { image: b, depends_on: [c] } }",
	} {
		path := filepath.Join(t.TempDir(), "compose.yaml")
		if err := os.WriteFile(path, []byte("name: a\n"+text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := loadError(t, path); err == nil {
			t.Errorf("%s was accepted", text)
		}
	}
}

// Grafana passes over settings that it does not know, so their names are held to its documentation here:
// https://grafana.com/docs/grafana/latest/administration/provisioning/
func TestGrafanaIsProvisioned(t *testing.T) {
	var sources struct {
		APIVersion  int `json:"apiVersion"`
		Datasources []struct {
			Name, UID, Type, Access, URL string
			IsDefault, Editable          bool
			JSONData                     struct{ HTTPMethod, TimeInterval string }
		}
	}
	strict(t, "grafana/provisioning/datasources/prometheus.yaml", &sources)
	var providers struct {
		APIVersion int `json:"apiVersion"`
		Providers  []struct {
			Name, Folder, Type              string
			DisableDeletion, AllowUIUpdates bool
			Options                         struct{ Path string }
		}
	}
	strict(t, "grafana/provisioning/dashboards/mynaprobe.yaml", &providers)

	project := compose(t, "prober")
	if got := sources.Datasources[0].URL; got != "http://prometheus:9090" || sources.Datasources[0].Type != "prometheus" {
		t.Errorf("Grafana reads %s, a %s", got, sources.Datasources[0].Type)
	}
	var config struct {
		Global struct {
			ScrapeInterval string `json:"scrape_interval"`
		}
	}
	text, err := os.ReadFile("prometheus/prometheus.yml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &config); err != nil || config.Global.ScrapeInterval != sources.Datasources[0].JSONData.TimeInterval {
		t.Errorf("Prometheus scrapes every %s, Grafana thinks every %s (%v)", config.Global.ScrapeInterval, sources.Datasources[0].JSONData.TimeInterval, err)
	}
	dashboards := providers.Providers[0].Options.Path
	for _, v := range project.Services["grafana"].Volumes {
		if v.Target == dashboards {
			if found, err := filepath.Glob(filepath.Join(v.Source, "*.json")); err != nil || len(found) == 0 {
				t.Errorf("there are no dashboards in %s (%v)", v.Source, err)
			}
			return
		}
	}
	t.Errorf("Grafana looks for dashboards in %s, which is not mounted", dashboards)
}

func strict(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
