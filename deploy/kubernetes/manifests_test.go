// Package kubernetes_test holds the Kubernetes manifests to the API's own types and to what they promise. Nothing here speaks
// to a cluster: that the pods run in one is not shown.
package kubernetes_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	"mynaprobe/deploy/parts"
	"mynaprobe/probes"
	"mynaprobe/probes/definition"
)

var update = flag.Bool("update", false, "write the files that are copies of others")

// localProfile is where the nodes' kubelet finds deploy/seccomp.json, below its seccomp folder.
const localProfile = "mynaprobe/seccomp.json"

// A built is a kustomization's output, decoded. A workload is whatever has pods.
type built struct {
	objects   map[string]any // by kind/name
	workloads map[string]workload
}

type workload struct {
	labels   map[string]string
	selector *metav1.LabelSelector
	template corev1.PodTemplateSpec
	claims   []corev1.PersistentVolumeClaim
}

// types are the kinds that the manifests may hold.
var types = map[string]func() any{
	"v1/Namespace":                            func() any { return new(corev1.Namespace) },
	"v1/ServiceAccount":                       func() any { return new(corev1.ServiceAccount) },
	"v1/Service":                              func() any { return new(corev1.Service) },
	"v1/ConfigMap":                            func() any { return new(corev1.ConfigMap) },
	"v1/PersistentVolumeClaim":                func() any { return new(corev1.PersistentVolumeClaim) },
	"apps/v1/Deployment":                      func() any { return new(appsv1.Deployment) },
	"apps/v1/StatefulSet":                     func() any { return new(appsv1.StatefulSet) },
	"apps/v1/DaemonSet":                       func() any { return new(appsv1.DaemonSet) },
	"networking.k8s.io/v1/NetworkPolicy":      func() any { return new(networkingv1.NetworkPolicy) },
	"monitoring.coreos.com/v1/PodMonitor":     func() any { return new(monitoringv1.PodMonitor) },
	"monitoring.coreos.com/v1/PrometheusRule": func() any { return new(monitoringv1.PrometheusRule) },
}

// build runs kustomize on a folder below this one, and decodes what comes out: fields that the API does not know are
// errors.
func build(t *testing.T, dir string) built {
	t.Helper()
	return buildFrom(t, filesys.MakeFsOnDisk(), filepath.Join(parts.Root(), "deploy", "kubernetes", dir))
}

func buildFrom(t *testing.T, fs filesys.FileSystem, path string) built {
	t.Helper()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(fs, path)
	if err != nil {
		t.Fatalf("kustomize build %s: %v", path, err)
	}
	b := built{objects: map[string]any{}, workloads: map[string]workload{}}
	for _, r := range resources.Resources() {
		text, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		id := r.GetKind() + "/" + r.GetName()
		make := types[r.GetApiVersion()+"/"+r.GetKind()]
		if make == nil {
			t.Fatalf("%s: no type is known for %s %s", path, r.GetApiVersion(), id)
		}
		object := make()
		if err := yaml.UnmarshalStrict(text, object); err != nil {
			t.Fatalf("%s: %s: %v\n%s", path, id, err, text)
		}
		b.objects[id] = object
		switch o := object.(type) {
		case *appsv1.Deployment:
			b.workloads[id] = workload{o.Labels, o.Spec.Selector, o.Spec.Template, nil}
		case *appsv1.StatefulSet:
			b.workloads[id] = workload{o.Labels, o.Spec.Selector, o.Spec.Template, o.Spec.VolumeClaimTemplates}
		case *appsv1.DaemonSet:
			b.workloads[id] = workload{o.Labels, o.Spec.Selector, o.Spec.Template, nil}
		}
	}
	return b
}

// get returns an object that must be there.
func get[T any](t *testing.T, b built, id string) *T {
	t.Helper()
	object, ok := b.objects[id].(*T)
	if !ok {
		t.Fatalf("there is no %s", id)
	}
	return object
}

// withBrowsers builds the base with the component for remote browsers, in a folder of its own.
func withBrowsers(t *testing.T) built {
	t.Helper()
	here := filepath.Join(parts.Root(), "deploy", "kubernetes")
	dir := t.TempDir()
	for _, name := range []string{"base", "components"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(here, name))); err != nil {
			t.Fatal(err)
		}
	}
	kustomization := "resources: [../base]\ncomponents: [../components/remote-browsers]\n"
	if err := os.Mkdir(filepath.Join(dir, "overlay"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay", "kustomization.yaml"), []byte(kustomization), 0o600); err != nil {
		t.Fatal(err)
	}
	return buildFrom(t, filesys.MakeFsOnDisk(), filepath.Join(dir, "overlay"))
}

// all is every way to deploy that ships.
func all(t *testing.T) map[string]built {
	t.Helper()
	return map[string]built{
		"base":            build(t, "base"),
		"nodes":           build(t, "nodes"),
		"overlays/tokyo":  build(t, "overlays/tokyo"),
		"overlays/osaka":  build(t, "overlays/osaka"),
		"overlays/shards": build(t, "overlays/shards"),
		"remote browsers": withBrowsers(t),
	}
}

func TestEveryReferenceIsMet(t *testing.T) {
	for name, b := range all(t) {
		t.Run(name, func(t *testing.T) {
			for id, w := range b.workloads {
				if !matches(w.selector, w.template.Labels) {
					t.Errorf("%s selects %v, its pods are %v", id, w.selector, w.template.Labels)
				}
				checkVolumes(t, b, id, w)
			}
			for id, o := range b.objects {
				switch o := o.(type) {
				case *corev1.Service:
					checkTarget(t, b, id, &metav1.LabelSelector{MatchLabels: o.Spec.Selector}, o.Spec.Ports[0].TargetPort.StrVal)
				case *networkingv1.NetworkPolicy:
					checkTarget(t, b, id, &o.Spec.PodSelector, o.Spec.Ingress[0].Ports[0].Port.StrVal)
				case *monitoringv1.PodMonitor:
					checkTarget(t, b, id, &o.Spec.Selector, *o.Spec.PodMetricsEndpoints[0].Port)
				}
			}
		})
	}
}

func matches(selector *metav1.LabelSelector, labels map[string]string) bool {
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && !s.Empty() && s.Matches(set(labels))
}

type set map[string]string

func (s set) Has(label string) bool              { _, ok := s[label]; return ok }
func (s set) Get(label string) string            { return s[label] }
func (s set) Lookup(label string) (string, bool) { v, ok := s[label]; return v, ok }

// checkTarget wants pods that the selector meets and that name the port.
func checkTarget(t *testing.T, b built, id string, selector *metav1.LabelSelector, port string) {
	t.Helper()
	for _, w := range b.workloads {
		if matches(selector, w.template.Labels) && hasPort(w.template.Spec.Containers, port) {
			return
		}
	}
	t.Errorf("%s: no pod has %v and the port %q", id, selector.MatchLabels, port)
}

func hasPort(containers []corev1.Container, port string) bool {
	return slices.ContainsFunc(containers, func(c corev1.Container) bool {
		return slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.Name == port })
	})
}

func checkVolumes(t *testing.T, b built, id string, w workload) {
	t.Helper()
	volumes := map[string]bool{}
	for _, v := range w.template.Spec.Volumes {
		volumes[v.Name] = true
		if v.ConfigMap != nil && b.objects["ConfigMap/"+v.ConfigMap.Name] == nil {
			t.Errorf("%s: there is no ConfigMap %s", id, v.ConfigMap.Name)
		}
		if v.PersistentVolumeClaim != nil && b.objects["PersistentVolumeClaim/"+v.PersistentVolumeClaim.ClaimName] == nil {
			t.Errorf("%s: there is no claim %s", id, v.PersistentVolumeClaim.ClaimName)
		}
	}
	for _, c := range w.claims {
		volumes[c.Name] = true
	}
	for _, c := range slices.Concat(w.template.Spec.InitContainers, w.template.Spec.Containers) {
		for _, m := range c.VolumeMounts {
			if !volumes[m.Name] {
				t.Errorf("%s: container %s mounts %s, which is no volume", id, c.Name, m.Name)
			}
		}
	}
	if account := w.template.Spec.ServiceAccountName; account != "" && b.objects["ServiceAccount/"+account] == nil {
		t.Errorf("%s: there is no ServiceAccount %s", id, account)
	}
}

// Pod Security Standards, level restricted: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
func TestPodsAreRestricted(t *testing.T) {
	for name, b := range all(t) {
		for id, w := range b.workloads {
			t.Run(name+"/"+id, func(t *testing.T) { checkRestricted(t, w.template.Spec, name == "nodes") })
		}
	}
}

// checkRestricted makes an exception for what writes to the nodes: an init container as root, and the folder of the node.
func checkRestricted(t *testing.T, pod corev1.PodSpec, nodes bool) {
	t.Helper()
	if pod.HostNetwork || pod.HostPID || pod.HostIPC {
		t.Error("it shares a namespace with its node")
	}
	if pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken {
		t.Error("it gets a token for the API server")
	}
	if s := pod.SecurityContext; s == nil || s.SeccompProfile == nil || s.SeccompProfile.Type == corev1.SeccompProfileTypeUnconfined {
		t.Error("it has no seccomp profile")
	} else if p := s.SeccompProfile; p.Type == corev1.SeccompProfileTypeLocalhost && *p.LocalhostProfile != localProfile {
		t.Errorf("its seccomp profile is %s, and the nodes get %s", *p.LocalhostProfile, localProfile)
	}
	for _, v := range pod.Volumes {
		if v.HostPath != nil && !nodes {
			t.Errorf("volume %s is a folder of the node", v.Name)
		}
	}
	for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
		s := c.SecurityContext
		if s == nil {
			t.Errorf("%s has no security context", c.Name)
			continue
		}
		rootless := s.RunAsNonRoot != nil && *s.RunAsNonRoot || s.RunAsNonRoot == nil && pod.SecurityContext.RunAsNonRoot != nil && *pod.SecurityContext.RunAsNonRoot
		if !rootless && !(nodes && c.Name == "install") {
			t.Errorf("%s may run as root", c.Name)
		}
		if s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation {
			t.Errorf("%s may gain rights", c.Name)
		}
		if s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem {
			t.Errorf("%s can write to its root", c.Name)
		}
		if s.Capabilities == nil || !slices.Equal(s.Capabilities.Drop, []corev1.Capability{"ALL"}) || len(s.Capabilities.Add) > 0 {
			t.Errorf("%s keeps capabilities", c.Name)
		}
		if c.Resources.Requests.Memory().IsZero() || c.Resources.Requests.Cpu().IsZero() || c.Resources.Limits.Memory().IsZero() {
			t.Errorf("%s asks for no memory or CPU, or has no limit of memory", c.Name)
		}
	}
}

func TestOneWriterToTheState(t *testing.T) {
	d := get[appsv1.Deployment](t, build(t, "base"), "Deployment/mynaprobe")
	if *d.Spec.Replicas != 1 || d.Spec.Strategy.Type != appsv1.RecreateDeploymentStrategyType {
		t.Errorf("replicas %d, strategy %s", *d.Spec.Replicas, d.Spec.Strategy.Type)
	}
}

func TestLocations(t *testing.T) {
	for _, location := range []string{"tokyo", "osaka"} {
		b := build(t, "overlays/"+location)
		d := get[appsv1.Deployment](t, b, "Deployment/mynaprobe")
		if got := d.Spec.Template.Labels["location"]; got != location {
			t.Errorf("%s: the pods' label location is %q", location, got)
		}
		env := environment(d.Spec.Template.Spec.Containers[0])["MYNAPROBE_LOCATION"]
		if env.ValueFrom == nil || env.ValueFrom.FieldRef.FieldPath != "metadata.labels['location']" {
			t.Errorf("%s: MYNAPROBE_LOCATION is %+v", location, env)
		}
		get[corev1.Namespace](t, b, "Namespace/mynaprobe-"+location)
		if d.Namespace != "mynaprobe-"+location {
			t.Errorf("%s: the namespace is %q", location, d.Namespace)
		}
	}
}

func TestShardsGetTheirOrdinals(t *testing.T) {
	b := build(t, "overlays/shards")
	if b.objects["Deployment/mynaprobe"] != nil || b.objects["PersistentVolumeClaim/mynaprobe-state"] != nil {
		t.Error("the unsharded prober, or its claim, is still there")
	}
	s := get[appsv1.StatefulSet](t, b, "StatefulSet/mynaprobe")
	if *s.Spec.Replicas < 2 {
		t.Errorf("%d shards", *s.Spec.Replicas)
	}
	get[corev1.Service](t, b, "Service/"+s.Spec.ServiceName)
	c := s.Spec.Template.Spec.Containers[0]
	env := environment(c)
	if env["SHARDS"].Value != fmt.Sprint(*s.Spec.Replicas) {
		t.Errorf("SHARDS is %q of %d replicas", env["SHARDS"].Value, *s.Spec.Replicas)
	}
	if from := env["SHARD"].ValueFrom; from == nil || env["SHARD"].Value != "" || from.FieldRef.FieldPath != "metadata.labels['"+appsv1.PodIndexLabel+"']" {
		t.Errorf("SHARD is %+v", env["SHARD"])
	}
	if !slices.Contains(c.Args, "--shard=$(SHARD)/$(SHARDS)") {
		t.Errorf("the arguments are %q", c.Args)
	}
	base := get[appsv1.Deployment](t, build(t, "base"), "Deployment/mynaprobe").Spec.Template.Spec.Containers[0]
	if !slices.Equal(c.Args[:len(c.Args)-1], base.Args) {
		t.Errorf("a shard is started as %q, a prober alone as %q", c.Args, base.Args)
	}
	for _, v := range s.Spec.Template.Spec.Volumes {
		if v.Name == "state" {
			t.Error("shards share a state")
		}
	}
}

func environment(c corev1.Container) map[string]corev1.EnvVar {
	env := map[string]corev1.EnvVar{}
	for _, e := range c.Env {
		env[e.Name] = e
	}
	return env
}

// The prober's pods are given flags that serve has, paths that the server has, and room for Chrome.
func TestProberIsStartedAsItExpects(t *testing.T) {
	known := serveFlags(t)
	routes, err := os.ReadFile(filepath.Join(parts.Root(), "probes", "web", "routes.go"))
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range all(t) {
		for id, w := range b.workloads {
			c := w.template.Spec.Containers[0]
			if c.Name != "mynaprobe" {
				continue
			}
			t.Run(name+"/"+id, func(t *testing.T) {
				if c.Args[0] != "serve" {
					t.Errorf("it runs %q", c.Args)
				}
				for _, arg := range c.Args[1:] {
					if flag, _, _ := strings.Cut(strings.TrimPrefix(arg, "--"), "="); !slices.Contains(known, flag) {
						t.Errorf("serve has no flag --%s", flag)
					}
				}
				for _, p := range []*corev1.Probe{c.StartupProbe, c.LivenessProbe, c.ReadinessProbe} {
					if !bytes.Contains(routes, []byte(`"GET `+p.HTTPGet.Path+`"`)) {
						t.Errorf("the server has no %s", p.HTTPGet.Path)
					}
				}
				if got := *w.template.Spec.SecurityContext.FSGroup; got != 65532 {
					t.Errorf("the state belongs to group %d, the image's user is 65532", got)
				}
				if links := w.template.Spec.EnableServiceLinks; links == nil || *links {
					t.Error("Kubernetes' variables of services could be taken for the prober's own")
				}
				checkSharedMemory(t, w.template.Spec)
			})
		}
	}
}

// checkSharedMemory wants more than the 512 MiB below which the prober has Chrome keep shared memory in files.
func checkSharedMemory(t *testing.T, pod corev1.PodSpec) {
	t.Helper()
	for _, v := range pod.Volumes {
		if v.Name == "shm" && v.EmptyDir.Medium == corev1.StorageMediumMemory && v.EmptyDir.SizeLimit.Value() > 512<<20 {
			return
		}
	}
	t.Error("/dev/shm is too small for Chrome")
}

// serveFlags are the flags of probe serve, read from its source: the package is a program, and cannot be imported.
func serveFlags(t *testing.T) []string {
	t.Helper()
	var flags []string
	for _, file := range []string{"serve.go", "run.go", "definitions.go"} {
		source, err := os.ReadFile(filepath.Join(parts.Root(), "cmd", "probe", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`VarP?\([^"\n]*"([a-z][a-z.-]*)"`).FindAllSubmatch(source, -1) {
			flags = append(flags, string(m[1]))
		}
	}
	if len(flags) < 5 {
		t.Fatalf("found only these flags: %q", flags)
	}
	return flags
}

func TestDefinitionsHold(t *testing.T) {
	for name, b := range all(t) {
		for id, o := range b.objects {
			config, ok := o.(*corev1.ConfigMap)
			if !ok || !strings.HasPrefix(config.Name, "mynaprobe-definitions-") {
				continue
			}
			t.Run(name, func(t *testing.T) {
				dir := t.TempDir()
				for file, text := range config.Data {
					if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				s, err := definition.Load(dir)
				if err != nil {
					t.Fatalf("%s:\n%v", id, err)
				}
				checkBrowser(t, b, s)
			})
		}
	}
}

// checkBrowser: with remote browsers the definitions lead to their service, and nothing runs Chrome in the prober's pod.
func checkBrowser(t *testing.T, b built, s probes.Set) {
	t.Helper()
	if b.objects["Service/mynaprobe-browsers"] == nil {
		if s.Browser.URL.Text != "" {
			t.Errorf("the browser is at %s, and there is none", s.Browser.URL.Text)
		}
		return
	}
	service := get[corev1.Service](t, b, "Service/mynaprobe-browsers")
	if want := fmt.Sprintf("ws://%s:%d", service.Name, service.Spec.Ports[0].Port); s.Browser.URL.Text != want {
		t.Errorf("the browser is at %q, the service at %q", s.Browser.URL.Text, want)
	}
	if service.Spec.ClusterIP != corev1.ClusterIPNone {
		t.Error("the service spreads connections, so that asking and connecting may meet two browsers")
	}
	prober := get[appsv1.Deployment](t, b, "Deployment/mynaprobe")
	if got := prober.Spec.Template.Spec.SecurityContext.SeccompProfile.Type; got != corev1.SeccompProfileTypeRuntimeDefault {
		t.Errorf("the prober without Chrome has the seccomp profile %s", got)
	}
	policy := get[networkingv1.NetworkPolicy](t, b, "NetworkPolicy/mynaprobe")
	for _, rule := range policy.Spec.Egress {
		if len(rule.Ports) > 0 && rule.Ports[0].Port.StrVal == service.Spec.Ports[0].TargetPort.StrVal {
			return
		}
	}
	t.Error("the prober may not connect to the browsers")
}

// What the clouds keep at link-local addresses is not for pages to read.
func TestNoWayToTheNodesCredentials(t *testing.T) {
	for name, b := range all(t) {
		for id, o := range b.objects {
			policy, ok := o.(*networkingv1.NetworkPolicy)
			if !ok {
				continue
			}
			if !slices.Contains(policy.Spec.PolicyTypes, networkingv1.PolicyTypeEgress) {
				t.Errorf("%s: %s lets everything out", name, id)
			}
			for _, rule := range policy.Spec.Egress {
				for _, to := range rule.To {
					if to.IPBlock != nil && to.IPBlock.CIDR == "0.0.0.0/0" && !slices.Contains(to.IPBlock.Except, "169.254.0.0/16") {
						t.Errorf("%s: %s lets link-local addresses be reached", name, id)
					}
				}
			}
		}
	}
}

// TestCopies holds files that kustomize cannot reach where they are to their originals.
func TestCopies(t *testing.T) {
	root := parts.Root()
	profile, err := os.ReadFile(filepath.Join(root, "deploy", "seccomp.json"))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]byte{
		"nodes/seccomp.json":                        profile,
		"components/monitoring/prometheusrule.yaml": prometheusRule(t),
	} {
		path = filepath.Join(root, "deploy", "kubernetes", path)
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what its original says (%v); run: go test ./deploy/kubernetes -update", path, err)
		}
	}
}

// prometheusRule puts the rule files into the operator's envelope.
func prometheusRule(t *testing.T) []byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(parts.Root(), "deploy", "prometheus", "rules", "*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no rule files: %v", err)
	}
	var rule struct {
		metav1.TypeMeta `json:",inline"`
		Metadata        map[string]string               `json:"metadata"`
		Spec            monitoringv1.PrometheusRuleSpec `json:"spec"`
	}
	rule.APIVersion, rule.Kind = "monitoring.coreos.com/v1", "PrometheusRule"
	rule.Metadata = map[string]string{"name": "mynaprobe"}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var spec monitoringv1.PrometheusRuleSpec
		if err := yaml.UnmarshalStrict(text, &spec); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		rule.Spec.Groups = append(rule.Spec.Groups, spec.Groups...)
	}
	text, err := yaml.Marshal(rule)
	if err != nil {
		t.Fatal(err)
	}
	return append([]byte("# Made of deploy/prometheus/rules by go test ./deploy/kubernetes -update.\n"), text...)
}

// The checks above are only as good as the decoding: a field that the API does not know must fail.
func TestUnknownFieldsAreErrors(t *testing.T) {
	for kind, text := range map[string]string{
		"apps/v1/Deployment":                      "spec: { template: { spec: { containers: [ { name: a, readynessProbe: {} } ] } } }",
		"monitoring.coreos.com/v1/PrometheusRule": "spec: { groups: [ { name: a, rules: [ { alert: A, expr: up, foor: 1m } ] } ] }",
	} {
		if err := yaml.UnmarshalStrict([]byte(text), types[kind]()); err == nil {
			t.Errorf("%s: %s was accepted", kind, text)
		}
	}
}
