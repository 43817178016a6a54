package browserprobe

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// errNoBrowser says that no Chrome was found on this machine.
var errNoBrowser = errors.New("no Chrome or Chromium was found")

// Find returns the executable of the browser to use: path when it is given, else that of the environment variable
// CHROME_PATH, else the first that is installed under one of the usual names. Its error names the places that were
// looked at and what to do.
func Find(path string) (string, error) {
	for _, given := range []struct{ path, by string }{{path, "browser.path"}, {os.Getenv("CHROME_PATH"), "CHROME_PATH"}} {
		if given.path == "" {
			continue
		}
		found, err := exec.LookPath(given.path)
		if err != nil {
			return "", fmt.Errorf("%w: %s names %s: %w", errNoBrowser, given.by, given.path, err)
		}
		return found, nil
	}
	places := candidates(runtime.GOOS)
	for _, place := range places {
		if found, err := exec.LookPath(place); err == nil {
			return filepath.Abs(found)
		}
	}
	return "", fmt.Errorf("%w (looked for %s): install one (Debian: apt install chromium), name it with browser.path or CHROME_PATH, "+
		"or use a remote one with browser.url", errNoBrowser, strings.Join(places, ", "))
}

// candidates are the names (looked up in PATH) and places of browsers, best first. The headless shell is a Chrome without
// windows: it does the same in less memory.
func candidates(system string) []string {
	if system == "darwin" {
		var places []string
		for _, app := range []string{"Google Chrome", "Chromium", "Google Chrome for Testing", "Microsoft Edge", "Google Chrome Canary"} {
			inside := "Applications/" + app + ".app/Contents/MacOS/" + app
			places = append(places, "/"+inside)
			if home, err := os.UserHomeDir(); err == nil {
				places = append(places, filepath.Join(home, inside))
			}
		}
		return append(places, "chromium", "google-chrome")
	}
	return []string{
		"chromium-headless-shell", "chrome-headless-shell", "headless-shell", "/headless-shell/headless-shell",
		"chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome",
		"/usr/lib/chromium/chromium", "/opt/google/chrome/chrome", "/snap/bin/chromium",
	}
}
