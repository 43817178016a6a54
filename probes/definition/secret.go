package definition

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"mynaprobe/probes"
)

// maxSecret bounds a secret's file, in bytes.
const maxSecret = 64 << 10

// ResolveSecret is the probes.Secrets of a running process: it returns the text of a literal value, the value of an
// environment variable that is set and not empty, or the content of a file without its trailing newline. Its error names
// the variable or the file and says what to do, and never shows a secret.
func ResolveSecret(v probes.Value) (string, error) {
	switch {
	case v.Env != "":
		text := os.Getenv(v.Env)
		if text == "" {
			return "", fmt.Errorf("the environment variable %s is not set or empty: set it for the prober's process", v.Env)
		}
		return text, nil
	case v.File != "":
		return secretFile(v.File)
	}
	return v.Text, nil
}

func secretFile(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		var advice string
		switch {
		case errors.Is(err, os.ErrNotExist):
			advice = "create it, or correct the path in the definition"
		case errors.Is(err, os.ErrPermission):
			advice = "let the prober's user read it"
		default:
			advice = "make it a readable file"
		}
		return "", fmt.Errorf("the secret cannot be read: %w: %s", err, advice)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("the secret cannot be read: %w: make it a readable file", err)
	case len(data) > maxSecret:
		return "", fmt.Errorf("the secret file %s is larger than %d KiB: it should hold the secret alone", name, maxSecret>>10)
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if text == "" {
		return "", fmt.Errorf("the secret file %s is empty: write the secret into it", name)
	}
	return text, nil
}
