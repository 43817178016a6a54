package probes

import "testing"

func TestTargetHidesSecrets(t *testing.T) {
	p := Probe{HTTP: &HTTP{Requests: []Request{{URL: "https://user:secret@Example.jp:8443/a/b?token=x#frag"}}}}
	if got := p.Target(); got != "https://Example.jp:8443/a/b" {
		t.Errorf("target %q", got)
	}
	if got := p.Host(); got != "example.jp" {
		t.Errorf("host %q", got)
	}
}

func TestURLOfEachKind(t *testing.T) {
	for want, p := range map[string]Probe{
		"https://a.jp/": {HTTP: &HTTP{Requests: []Request{{URL: "https://a.jp/"}, {URL: "https://z.jp/"}}}},
		"https://b.jp/": {Browser: &Browser{Steps: []Step{{Action: ActionScreenshot}, {Action: ActionOpen, Value: Value{Text: "https://b.jp/"}}}}},
		"https://c.jp/": {Notice: &Notice{URL: "https://c.jp/"}},
		"":              {},
	} {
		if got := p.URL(); got != want {
			t.Errorf("URL %q, want %q", got, want)
		}
	}
}

func TestPolite(t *testing.T) {
	own := []string{"status.example.jp", ".corp.example"}
	for host, want := range map[string]bool{
		"myna.go.jp": true, "8.8.8.8": true, "2001:4860:4860::8888": true, "notcorp.example": true,
		"localhost": false, "app.localhost": false, "127.0.0.1": false, "::1": false, "10.1.2.3": false, "192.168.0.1": false,
		"169.254.1.1": false, "fe80::1": false, "fd00::1": false, "::ffff:10.0.0.1": false,
		"status.example.jp": false, "a.corp.example": false, "corp.example": false, "": false,
	} {
		if got := Polite(host, own); got != want {
			t.Errorf("Polite(%q) = %v", host, got)
		}
	}
}
