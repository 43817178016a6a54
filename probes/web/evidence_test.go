package web

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// evidenceDir is a folder as the keeper of evidence leaves it, with a secret beside it and a link that leads there.
func evidenceDir(t *testing.T) string {
	t.Helper()
	parent := t.TempDir()
	dir := filepath.Join(parent, "evidence")
	run := filepath.Join(dir, "apply-form", "20251030T235900Z")
	if err := os.MkdirAll(run, 0o700); err != nil {
		t.Fatal(err)
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 640, 400))); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		filepath.Join(parent, "secret.txt"):            []byte("the secret"),
		filepath.Join(run, "screenshot.png"):           picture.Bytes(),
		filepath.Join(run, "last-good-screenshot.png"): picture.Bytes(),
		filepath.Join(run, "page.html"):                []byte("<script>alert(1)</script><form action=https://evil.example>受付"),
		filepath.Join(run, "steps.txt"):                []byte("open passed\nsubmit failed <b>\n\xff"),
		filepath.Join(run, "console.txt"):              []byte(strings.Repeat("x", previewBytes+100)),
		filepath.Join(run, "last-good-steps.txt"):      []byte("open passed\nsubmit passed"),
		filepath.Join(run, "requests.har"):             []byte("{}"),
		filepath.Join(run, "odd.exe"):                  []byte("MZ"),
	} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"link.txt": "../../../secret.txt", "absolute.txt": filepath.Join(parent, "secret.txt"), "up": "../../.."} {
		if err := os.Symlink(to, filepath.Join(run, link)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func evidenceServer(t *testing.T) *Server {
	dir := evidenceDir(t)
	return newServer(incident(), func(o *Options) { o.EvidenceDir = dir })
}

const runFolder = "/evidence/apply-form/20251030T235900Z/"

func TestEvidenceFilesAreHarmless(t *testing.T) {
	s := evidenceServer(t)
	for name, kind := range map[string]string{
		"page.html": "text/html; charset=utf-8", "screenshot.png": "image/png", "steps.txt": "text/plain; charset=utf-8",
		"requests.har": "application/json", "odd.exe": "application/octet-stream",
	} {
		h := ask(s, "GET", runFolder+name).want(t, 200).Header()
		policy := h.Get("Content-Security-Policy")
		if h.Get("Content-Type") != kind || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", name, h)
		}
		if !strings.HasPrefix(policy, "sandbox; default-src 'none'") || strings.Contains(policy, "allow-") || strings.Contains(policy, "script-src") {
			t.Errorf("%s: policy %q", name, policy)
		}
		if attached := strings.HasPrefix(h.Get("Content-Disposition"), "attachment"); attached != (name == "odd.exe") {
			t.Errorf("%s: %q", name, h.Get("Content-Disposition"))
		}
	}
}

func TestEvidenceLeadsNowhereElse(t *testing.T) {
	s := evidenceServer(t)
	for _, target := range []string{
		"/evidence/../secret.txt", "/evidence/%2e%2e/secret.txt", "/evidence/..%2fsecret.txt", "/evidence/%2e%2e%2fsecret.txt",
		"/evidence/apply-form/../../secret.txt", "/evidence/apply-form/..%2f..%2fsecret.txt", "/evidence/..%5csecret.txt",
		runFolder + "link.txt", runFolder + "absolute.txt", runFolder + "up/secret.txt", runFolder + "up/",
		"/evidence//etc/passwd", "/evidence/%2fetc%2fpasswd", "/evidence/apply-form%00/x", runFolder + "none.txt", "/evidence/nobody/",
	} {
		r := ask(s, "GET", target)
		for range 3 { // follow what the router makes of the path
			if r.Code != 301 && r.Code != 307 {
				break
			}
			r = ask(s, "GET", r.Header().Get("Location"))
		}
		if r.Code != 404 {
			t.Errorf("%s is answered with %d", target, r.Code)
		}
		r.lacks(t, "the secret", "root:")
	}
}

func TestEvidencePage(t *testing.T) {
	s := evidenceServer(t)
	r := ask(s, "GET", runFolder).want(t, 200).lacks(t, "<b>", "<script>")
	doc := page(t, r)
	if got := doc.Find(".pair img").Length(); got != 2 {
		t.Errorf("%d pictures side by side, want 2", got)
	}
	if src, _ := doc.Find(".pair img").Last().Attr("src"); src != "last-good-screenshot.png" {
		t.Errorf("the second picture is %q", src)
	}
	text := folded(doc.Find("main"))
	for _, want := range []string{"open passed submit failed <b> �", "xxx …", "requests.har", "last-good-steps.txt"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(text, "absolute.txt") {
		t.Error("a link is listed")
	}
	if len(text) > 2*previewBytes {
		t.Errorf("the page holds %d bytes of text", len(text))
	}
	if got := ask(s, "GET", strings.TrimSuffix(runFolder, "/")); got.Code != 301 || got.Header().Get("Location") != runFolder {
		t.Errorf("without its slash: %d to %q", got.Code, got.Header().Get("Location"))
	}
	ask(s, "GET", "/evidence/").want(t, 200, `href="apply-form/"`)
	ask(s, "GET", "/evidence/apply-form/", "Accept-Language", "ja").want(t, 200, `href="20251030T235900Z/"`, "フォルダー")
}

func TestEvidenceOfAProbe(t *testing.T) {
	s := evidenceServer(t)
	if got := ask(s, "GET", "/evidence/?probe=apply-form").want(t, 302).Header().Get("Location"); got != runFolder {
		t.Errorf("leads to %q", got)
	}
	ask(s, "GET", "/evidence/?probe=portal-top").want(t, 404) // its trouble left none
	ask(s, "GET", "/evidence/?probe=nobody").want(t, 404)
	ask(newServer(incident()), "GET", "/evidence/").want(t, 404, "no evidence is kept")
}
