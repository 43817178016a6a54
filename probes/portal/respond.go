package portal

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Fault is a failure of the connection, instead of an answer.
type Fault string

// The faults. The empty one is none.
const (
	FaultRefused     Fault = "refused"
	FaultReset       Fault = "reset"
	FaultHang        Fault = "hang" // no answer, ever
	FaultCertificate Fault = "certificate"
)

// A Response is how the portal answers a request at a moment.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	// Delay is the time until the first byte.
	Delay time.Duration
	// Fault, when set, happens instead of the answer; FaultCertificate only to those who come over HTTPS and verify.
	Fault Fault
}

// usualDelay is how long an answer takes when all is well.
const usualDelay = 40 * time.Millisecond

// movedPrefix is where pages are found after they moved.
const movedPrefix = "/new"

// maxApplication bounds the body of an application, in bytes.
const maxApplication = 64 << 10

// Respond answers a request as the portal stands at the moment. It reads the body of an application, and nothing else
// of the world.
func (p *Portal) Respond(r *http.Request, at time.Time) Response {
	st := p.standing(at)
	where := strings.TrimPrefix(r.URL.Path, movedPrefix)
	stage := stageOf(where)
	condition := st.condition(stage)
	resp := Response{Status: http.StatusOK, Header: http.Header{}, Delay: usualDelay}
	resp.Header.Set("Date", at.UTC().Format(http.TimeFormat))
	resp.Header.Set("Content-Type", "text/html; charset=utf-8")
	resp.Header.Set("Cache-Control", "no-cache")
	isPage := stage != "" && !strings.HasPrefix(where, "/api/")

	switch condition.State {
	case Refused, Reset, Hang:
		resp.Fault = Fault(condition.State)
		return resp
	case Certificate:
		// The pages themselves are well, for whoever comes over HTTP or does not mind.
		resp.Fault = FaultCertificate
	case Slow:
		resp.Delay += condition.Delay
	case Status:
		if condition.RetryAfter > 0 {
			resp.Header.Set("Retry-After", retryAfter(condition))
		}
		resp.Status = condition.Code
		if !isPage {
			return resp.json(map[string]any{"error": "unavailable"})
		}
		return resp.page("error", page{standing: st, Title: strings.TrimSpace(fmt.Sprint(resp.Status, " ", http.StatusText(resp.Status))), Code: resp.Status})
	case Blocked:
		if condition.RetryAfter > 0 {
			resp.Header.Set("Retry-After", retryAfter(condition))
		}
		resp.Status = condition.Code
		resp.Header.Set("Server", "WAF")
		reference := sha256.Sum256([]byte(r.URL.Path + at.UTC().Format(time.RFC3339)))
		return resp.page("blocked", page{standing: st, Title: "Access Denied", Reference: hex.EncodeToString(reference[:8])})
	case Maintenance:
		if !isPage {
			resp.Status = http.StatusServiceUnavailable
			return resp.json(map[string]any{"error": "maintenance"})
		}
		return resp.page("maintenance", page{standing: st, Title: "メンテナンス中"})
	case Moved:
		if where == r.URL.Path && isPage {
			resp.Status = http.StatusMovedPermanently
			resp.Header.Set("Location", movedPrefix+r.URL.RequestURI())
			return resp
		}
	}
	resp = p.route(resp, r, where, st, condition)
	return conditional(resp, r, st)
}

func retryAfter(c Condition) string {
	return strconv.Itoa(int(math.Ceil(c.RetryAfter.Seconds())))
}

// stageOf names the stage that an address belongs to; "" for what belongs to none.
func stageOf(where string) Stage {
	switch first, _, _ := strings.Cut(strings.TrimPrefix(where, "/"), "/"); first {
	case "":
		return StagePortal
	case "login":
		return StageLogin
	case "guide":
		return StageGuide
	case "apply":
		return StageApply
	case "info":
		return StageNotices
	case "rss":
		return StageFeed
	case "faq":
		return StageFAQ
	case "html":
		return StageControl
	case "api":
		if strings.HasPrefix(where, "/api/notices") {
			return StageNotices
		}
		return StageApply
	}
	return ""
}

func (p *Portal) route(resp Response, r *http.Request, where string, st standing, condition Condition) Response {
	pg := page{standing: st, Redesign: condition.State == Redesign, ScriptError: condition.State == ScriptError}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	switch id, isNotice := inside(where, "/info/"); {
	case where == "/api/applications" && method == http.MethodPost:
		return apply(resp, r, condition)
	case method != http.MethodGet:
		resp.Status = http.StatusMethodNotAllowed
		return resp.page("error", page{standing: st, Title: "405 Method Not Allowed", Code: resp.Status})
	case where == "/":
		return resp.page("portal", pg.titled(""))
	case where == "/login/":
		return resp.page("login", pg.titled("ログイン"))
	case where == "/guide/":
		return resp.page("guide", pg.titled(st.site.Service+"のご案内"))
	case where == "/guide/requirements/":
		return resp.page("requirements", pg.titled("ご利用の条件"))
	case where == "/apply/":
		return resp.page("apply", pg.titled(st.site.Service+"の申請"))
	case where == "/apply/apply.js":
		resp.Header.Set("Content-Type", "text/javascript; charset=utf-8")
		resp.Body = asset("apply.js")
		if condition.State == ScriptError {
			resp.Body = append([]byte("window.portalSettings.form.id;\n"), resp.Body...)
		}
		return resp
	case where == "/apply/terms/":
		return resp.page("terms", pg.titled("利用規約"))
	case where == "/apply/counters/":
		return resp.page("counters", pg.titled("窓口をさがす"))
	case where == "/apply/counters/search/":
		return resp.page("search", pg)
	case where == "/apply/counters/waiting/":
		return resp.page("waiting", pg)
	case strings.HasPrefix(where, "/api/applications/"):
		return application(resp, strings.TrimPrefix(where, "/api/applications/"))
	case where == "/info/":
		pg.Empty, pg.Cards = condition.State == Empty, condition.State == Layout
		return resp.page("notices", pg.titled("お知らせ（障害・メンテナンス）"))
	case where == "/api/notices.json":
		return p.noticesJSON(resp, r, st, condition)
	case isNotice:
		for _, n := range st.notices {
			if n.ID == id {
				pg.Notice = n
				return resp.page("notice", pg.titled(n.Title))
			}
		}
	case where == "/rss/news.xml":
		return feed(resp, baseOf(r), st, condition)
	case where == "/faq/":
		return resp.page("faq", pg.titled("よくあるご質問"))
	case where == "/html/":
		return resp.page("control", pg.titled("動作確認用のページ"))
	case where == "/html/echo/":
		pg.Asked = askedBy(r)
		return resp.page("echo", pg.titled("届いた内容の確認"))
	case where == "/style.css":
		resp.Header.Set("Content-Type", "text/css; charset=utf-8")
		resp.Body = asset("style.css")
		return resp
	case where == "/robots.txt":
		resp.Header.Set("Content-Type", "text/plain; charset=utf-8")
		resp.Body = []byte("User-agent: *\nDisallow: /api/\nAllow: /\n")
		return resp
	}
	resp.Status = http.StatusNotFound
	return resp.page("error", page{standing: st, Title: "404 Not Found", Code: resp.Status})
}

// inside returns the one path segment behind the prefix.
func inside(where, prefix string) (string, bool) {
	rest, ok := strings.CutPrefix(where, prefix)
	id := strings.TrimSuffix(rest, "/")
	return id, ok && id != "" && id != rest && !strings.Contains(id, "/")
}

func (resp Response) json(v any) Response {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // only maps and strings come here
	}
	resp.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp.Body = append(body, '\n')
	return resp
}

// apply takes an application. What becomes of it is in the first letter of its number, so that the portal keeps nothing:
// an application of a provisional spell stays half-way for ever, as those of 2025-10-30 did.
func apply(resp Response, r *http.Request, condition Condition) Response {
	var form struct {
		Name  string `json:"name"`
		Phone string `json:"phone"`
		Agree bool   `json:"agree"`
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxApplication))
	if err == nil {
		err = json.Unmarshal(body, &form)
	}
	switch {
	case err != nil:
		resp.Status = http.StatusBadRequest
		return resp.json(map[string]any{"error": "invalid", "message": "申請の内容を読み取れませんでした。"})
	case form.Name == "" || !form.Agree:
		resp.Status = http.StatusUnprocessableEntity
		return resp.json(map[string]any{"error": "incomplete", "message": "氏名を入力し、利用規約に同意してください。"})
	case condition.State == Closed:
		resp.Status = http.StatusServiceUnavailable
		return resp.json(map[string]any{"error": "maintenance", "message": "ただいま申請の受付を停止しています。"})
	}
	number := sha256.Sum256([]byte(resp.Header.Get("Date") + form.Name))
	prefix := "A"
	if condition.State == Provisional {
		prefix = "K"
	}
	resp.Status = http.StatusAccepted
	return resp.json(map[string]any{"number": prefix + hex.EncodeToString(number[:4]), "state": "provisional"})
}

func application(resp Response, number string) Response {
	switch {
	case strings.HasPrefix(number, "A"):
		return resp.json(map[string]any{"number": number, "state": "issued"})
	case strings.HasPrefix(number, "K"):
		return resp.json(map[string]any{"number": number, "state": "provisional"})
	}
	resp.Status = http.StatusNotFound
	return resp.json(map[string]any{"error": "not_found"})
}

func (p *Portal) noticesJSON(resp Response, r *http.Request, st standing, condition Condition) Response {
	items := []map[string]any{}
	if condition.State != Empty {
		for _, n := range st.notices {
			items = append(items, map[string]any{
				"id": n.ID, "title": n.Title, "url": baseOf(r) + "/info/" + n.ID + "/",
				"published": n.Published.Format(time.RFC3339), "body": n.Text,
			})
		}
	}
	key := "notices"
	if condition.State == Layout {
		key = "entries"
	}
	return resp.json(map[string]any{key: items})
}

// baseOf is the address under which the request reached the portal.
func baseOf(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil || r.URL.Scheme == "https" {
		scheme = "https"
	}
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	return scheme + "://" + host
}

// conditional adds the validators of RFC 9110, section 8.8, and answers 304 where the client has what it would get.
func conditional(resp Response, r *http.Request, st standing) Response {
	if resp.Status != http.StatusOK || (r.Method != http.MethodGet && r.Method != http.MethodHead) {
		return resp
	}
	sum := sha256.Sum256(resp.Body)
	etag := `"` + hex.EncodeToString(sum[:8]) + `"`
	resp.Header.Set("ETag", etag)
	resp.Header.Set("Last-Modified", st.changed.UTC().Format(http.TimeFormat))
	if r.Header.Get("If-None-Match") == etag {
		resp.Status, resp.Body = http.StatusNotModified, nil
		resp.Header.Del("Content-Type")
	}
	return resp
}
