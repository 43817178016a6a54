package browserprobe

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// errNoBrowser says that no Chrome was found on this machine.
var errNoBrowser = errors.New("no Chrome or Chromium was found")

// Find returns the executable of the browser to use: path when it is given, else that of the environment variable
// CHROME_PATH, else the first that is installed under one of the usual names. Its error names the places that were
// looked at and what to do.
func Find(path string) (string, error) { return find(path, false) }

// find is Find, for a browser with windows when headed.
func find(path string, headed bool) (string, error) {
	for _, given := range []struct{ path, by string }{{path, "browser.path"}, {os.Getenv("CHROME_PATH"), "CHROME_PATH"}} {
		if given.path == "" {
			continue
		}
		found, err := exec.LookPath(given.path)
		if err != nil {
			return "", fmt.Errorf("%w: %s names %s: %w", errNoBrowser, given.by, given.path, err)
		}
		if headed && isShell(found) {
			return "", fmt.Errorf("%s names %s, which has no windows to show: name a whole Chromium or Chrome there", given.by, found)
		}
		return found, nil
	}
	places := candidates(runtime.GOOS)
	if headed {
		places = slices.DeleteFunc(places, isShell) // they have no windows to show
	}
	for _, place := range places {
		if found, err := exec.LookPath(place); err == nil {
			return filepath.Abs(found)
		}
	}
	if headed {
		return "", fmt.Errorf("%w that can show its windows (looked for %s): install one (Debian: apt install chromium), or name it with "+
			"browser.path or CHROME_PATH", errNoBrowser, strings.Join(places, ", "))
	}
	return "", fmt.Errorf("%w (looked for %s): install one (Debian: apt install chromium-headless-shell), name it with browser.path or CHROME_PATH, "+
		"or use a remote one with browser.url", errNoBrowser, strings.Join(places, ", "))
}

// isShell reports whether the executable is a Chrome without windows.
func isShell(path string) bool { return strings.Contains(filepath.Base(path), "headless-shell") }

// candidates are the names (looked up in PATH) and places of browsers, best first. The headless shell is a Chrome without
// windows: it does the same in less memory. Debian's command for it is a script that stays, which would be killed in
// Chrome's place, so what it starts goes first.
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
		"/usr/lib/chromium/chromium-headless-shell", "chromium-headless-shell", "chrome-headless-shell", "headless-shell", "/headless-shell/headless-shell",
		"chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome",
		"/usr/lib/chromium/chromium", "/opt/google/chrome/chrome", "/snap/bin/chromium",
	}
}
