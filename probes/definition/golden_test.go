package definition_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mynaprobe/probes/definition"
)

var update = flag.Bool("update", false, "write what is wrong with testdata/bad into its .want files; read the difference")

// bad returns the names of the bad definitions without their endings.
func bad(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 45 {
		t.Fatalf("testdata/bad: %d definitions, %v", len(files), err)
	}
	for i := range files {
		files[i] = strings.TrimSuffix(files[i], ".yaml")
	}
	return files
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Each bad definition is rejected with exactly its own message, everything that is wrong with it at once.
func TestBad(t *testing.T) {
	said := map[string]string{}
	for _, name := range bad(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			_, err := definition.Parse(filepath.Base(name)+".yaml", read(t, name+".yaml"))
			var errs definition.Errors
			if !errors.As(err, &errs) {
				t.Fatalf("accepted, or no Errors: %v", err)
			}
			got := errs.Error() + "\n"
			if *update {
				if err := os.WriteFile(name+".want", []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := string(read(t, name+".want")); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			for _, secret := range []string{"hunter2", "eyJhbGci", "0123456789abcdef", "abcdef"} {
				if strings.Contains(got, secret) {
					t.Errorf("%q is shown", secret)
				}
			}
			text := strings.ReplaceAll(got, filepath.Base(name), "")
			if other, taken := said[text]; taken {
				t.Errorf("says the same as %s", other)
			}
			said[text] = name
		})
	}
}
