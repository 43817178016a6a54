package definition_test

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"
	"time"

	"mynaprobe/probes"
	"mynaprobe/probes/definition"
)

// everyKey loads the definition that uses every key.
func everyKey(t *testing.T) probes.Set {
	t.Helper()
	set, err := definition.Load("testdata/good/every-key.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// Every field of the vocabulary that a definition can fill is filled by some key, and none is left over.
func TestEveryFieldHasAKey(t *testing.T) {
	filled := map[string]bool{}
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() {
				walk(v.Elem())
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Struct:
			if v.Type() == reflect.TypeFor[time.Time]() {
				return
			}
			for i := range v.NumField() {
				name := v.Type().Name() + "." + v.Type().Field(i).Name
				filled[name] = filled[name] || !v.Field(i).IsZero()
				walk(v.Field(i))
			}
		}
	}
	walk(reflect.ValueOf(everyKey(t)))
	// A remote browser excludes one of our own, so it has a file for itself.
	delete(filled, "BrowserSettings.URL")
	filled["BrowserSettings.SandboxOff"] = parse(t, "browser: { sandbox: off }\n"+site).Browser.SandboxOff
	for name, ok := range filled {
		if !ok {
			t.Errorf("no key of the example fills %s", name)
		}
	}
	if len(filled) < 120 {
		t.Errorf("only %d fields were seen", len(filled))
	}
}

// What each key of the example means, as a golden file.
func TestEveryKey(t *testing.T) {
	got, err := json.MarshalIndent(everyKey(t), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	const name = "testdata/good/every-key.json"
	if *update {
		if err := os.WriteFile(name, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := string(read(t, name)); string(got)+"\n" != want {
		t.Errorf("the set has changed; run with -update and read the difference:\n%s", got)
	}
}
