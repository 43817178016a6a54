package deploy_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"mynaprobe/deploy/parts"
)

// image parses the Dockerfile as docker build does, and returns its last stage and all of them. Warnings are errors.
func image(t *testing.T) (last instructions.Stage, all []instructions.Stage) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(parts.Root(), "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	stages, err := parseImage(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return stages[len(stages)-1], stages
}

func parseImage(t *testing.T, text []byte) ([]instructions.Stage, error) {
	t.Helper()
	parsed, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	for _, w := range parsed.Warnings {
		t.Errorf("Dockerfile: %s", w.Short)
	}
	warn := func(rule, _, _, message string, at []parser.Range) {
		t.Errorf("Dockerfile:%v: %s: %s", at, rule, message)
	}
	stages, _, err := instructions.Parse(parsed.AST, linter.New(&linter.Config{Warn: warn}))
	return stages, err
}

// commands are a stage's instructions of one kind.
func commands[T instructions.Command](stage instructions.Stage) []T {
	var found []T
	for _, c := range stage.Commands {
		if c, ok := c.(T); ok {
			found = append(found, c)
		}
	}
	return found
}

func TestImage(t *testing.T) {
	last, stages := image(t)
	users := commands[*instructions.UserCommand](last)
	if len(users) != 1 || !regexp.MustCompile(`^[1-9][0-9]*:[1-9][0-9]*$`).MatchString(users[0].User) {
		t.Errorf("the image's user is not one number that Kubernetes can see not to be root: %v", users)
	}
	entry := commands[*instructions.EntrypointCommand](last)
	cmd := commands[*instructions.CmdCommand](last)
	if len(entry) != 1 || entry[0].PrependShell || len(cmd) != 1 || cmd[0].PrependShell {
		t.Fatal("the image starts a shell, which would not pass signals on")
	}
	if entry[0].CmdLine[0] != "/usr/bin/tini" {
		t.Errorf("PID 1 is %s, which must reap what Chrome leaves behind", entry[0].CmdLine[0])
	}
	checkArguments(t, cmd[0].CmdLine)
	// Files are copied from a stage that there is, and from folders that the build may see.
	ignored, err := os.ReadFile(filepath.Join(parts.Root(), ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	for i, stage := range stages {
		for _, c := range commands[*instructions.CopyCommand](stage) {
			if c.From != "" {
				if !slices.ContainsFunc(stages[:i], func(s instructions.Stage) bool { return s.Name == c.From }) {
					t.Errorf("COPY --from=%s, which is no stage before", c.From)
				}
				continue
			}
			for _, path := range c.SourcePaths {
				if _, err := os.Stat(filepath.Join(parts.Root(), path)); err != nil || slices.Contains(strings.Fields(string(ignored)), path) {
					t.Errorf("COPY %s: there is no such file for the build (%v)", path, err)
				}
			}
		}
	}
}

// The image is built with a Go that go.mod accepts.
func TestImageIsBuiltWithOurGo(t *testing.T) {
	_, stages := image(t)
	mod, err := os.ReadFile(filepath.Join(parts.Root(), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(mod)
	if !strings.HasPrefix(stages[0].BaseName, "golang:"+string(want[1])+"-") {
		t.Errorf("the image is built with %s, go.mod says %s", stages[0].BaseName, want[1])
	}
}

func TestBadImagesAreErrors(t *testing.T) {
	for _, text := range []string{"FROM scratch\nENTRYPONT [\"a\"]\n", "FROM scratch\nCOPY --form=a b c\n", "RUN a\n"} {
		if _, err := parseImage(t, []byte(text)); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

// checkArguments wants a subcommand of probe and flags that it has, by its source: the command is a program, which cannot
// be imported.
func checkArguments(t *testing.T, args []string) {
	t.Helper()
	folder := filepath.Join(parts.Root(), "cmd", "probe")
	var source []byte
	for _, file := range []string{args[0] + ".go", "run.go", "definitions.go"} {
		text, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil {
			t.Fatalf("probe %s: %v", args[0], err)
		}
		source = append(source, text...)
	}
	var known []string
	for _, m := range regexp.MustCompile(`VarP?\([^"\n]*"([a-z][a-z.-]*)"`).FindAllSubmatch(source, -1) {
		known = append(known, string(m[1]))
	}
	for _, arg := range args[1:] {
		flag, ok := strings.CutPrefix(arg, "--")
		if flag, _, _ = strings.Cut(flag, "="); ok && !slices.Contains(known, flag) {
			t.Errorf("probe %s has no flag --%s", args[0], flag)
		}
	}
}
