package probes

import (
	"strings"
	"testing"
)

func TestRefusal(t *testing.T) {
	h := func(pairs ...string) map[string][]string {
		header := map[string][]string{}
		for i := 0; i < len(pairs); i += 2 {
			header[pairs[i]] = append(header[pairs[i]], pairs[i+1])
		}
		return header
	}
	for _, test := range []struct {
		what        string
		status      int
		header      map[string][]string
		title, text string
		want        string
	}{
		{"challenge header, lower case as a browser gives it", 403, h("cf-mitigated", "challenge"), "", "", "Cloudflare challenge"},
		{"interstitial", 503, h("Server", "cloudflare"), "Just a moment...", "Enable JavaScript and cookies to continue", "Cloudflare challenge"},
		{"block page", 403, nil, "Attention Required! | Cloudflare", "Sorry, you have been blocked", "Cloudflare challenge"},
		{"challenge with 202", 202, h("X-Amzn-Waf-Action", "challenge"), "", "", "AWS WAF challenge"},
		{"CloudFront block", 403, h("Server", "CloudFront"), "ERROR: The request could not be satisfied", "403 ERROR The request could not be satisfied. Request blocked.", "AWS WAF"},
		{"Akamai, typographic quote", 403, nil, "Access Denied", "Access Denied You don’t have permission to access \"http://example.jp/\" on this server. Reference #18.2f", "Akamai"},
		{"Akamai's edge", 403, h("Server", "AkamaiGHost"), "", "", "Akamai"},
		{"Imperva with a good status", 200, nil, "", "Request unsuccessful. Incapsula incident ID: 123-456", "Imperva"},
		{"F5 with a good status", 200, nil, "Request Rejected", "The requested URL was rejected. Please consult with your administrator. Your support ID is: 42", "F5 Advanced WAF"},
		{"Japanese WAF", 403, nil, "閲覧できません (Forbidden access)", "指定したウェブページを表示することができません。", "SiteGuard"},
		{"captcha", 403, nil, "確認", "ｃａｐｔｃｈａを入力してください", "robot check"},
		{"Japanese robot check", 403, nil, "", "私はロボットではありません", "robot check"},
		{"any 429", 429, nil, "", "", "429 Too Many Requests"},

		{"plain 403", 403, h("Server", "Apache"), "403 Forbidden", "You don't have permission to access this resource.", ""},
		{"plain 401", 401, h("Www-Authenticate", "Basic"), "", "Unauthorized", ""},
		{"403 of an origin behind Cloudflare", 403, h("Server", "cloudflare", "Cf-Ray", "1"), "403 Forbidden", "nginx", ""},
		{"misconfigured CloudFront", 403, h("Server", "CloudFront"), "ERROR: The request could not be satisfied", "403 ERROR The request could not be satisfied. Bad request.", ""},
		{"origin down behind Imperva", 503, h("X-Iinfo", "1"), "", "Error code 20 The proxy failed to connect to the web server. Incapsula incident ID: 1", ""},
		{"origin down behind Akamai", 503, h("Server", "AkamaiGHost"), "Service Unavailable", "", ""},
		{"origin down behind Cloudflare", 521, h("Server", "cloudflare"), "example.jp | 521: Web server is down", "Cloudflare Ray ID", ""},
		{"healthy page with a captcha in its form", 200, nil, "お問い合わせ", "私はロボットではありません reCAPTCHA", ""},
		{"article that quotes a refusal", 200, nil, "WAF", "The requested URL was rejected. support ID " + strings.Repeat("long ", 1000), ""},
		{"maintenance", 503, h("Retry-After", "60"), "メンテナンス", "メンテナンス中です", ""},
	} {
		mark, refused := Refusal(test.status, test.header, test.title, test.text)
		if mark != test.want || refused != (test.want != "") {
			t.Errorf("%s: got %q, %v; want %q", test.what, mark, refused, test.want)
		}
	}
}
