package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"time"

	textlanguage "golang.org/x/text/language"

	"mynaprobe/probes"
	"mynaprobe/probes/export"
)

//go:embed pages
var pageFiles embed.FS

// style is part of every page, so that a page needs no second request and can forbid all others.
var style = func() string {
	data, err := pageFiles.ReadFile("pages/style.css")
	if err != nil {
		panic(err) // it is embedded
	}
	return string(data)
}()

// pagePolicy allows our own style and pictures, and nothing else.
var pagePolicy = func() string {
	sum := sha256.Sum256([]byte(style))
	return fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; img-src 'self' data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
		base64.StdEncoding.EncodeToString(sum[:]))
}()

// The languages of pages.
const (
	english  = string(export.English)
	japanese = string(export.Japanese)
)

var matcher = textlanguage.NewMatcher([]textlanguage.Tag{textlanguage.English, textlanguage.Japanese})

// language is that which the reader asks for by ?lang=, else the one the browser prefers; English for all but Japanese.
func language(r *http.Request) string {
	tag, _ := textlanguage.MatchStrings(matcher, r.URL.Query().Get("lang"), r.Header.Get("Accept-Language"))
	if base, _ := tag.Base(); base.String() == japanese {
		return japanese
	}
	return english
}

// templates are the pages in each language.
var templates = map[string]*template.Template{english: parse(english), japanese: parse(japanese)}

func parse(lang string) *template.Template {
	functions := template.FuncMap{
		"t":       func(en, ja string) string { return pick(lang, en, ja) },
		"style":   func() template.CSS { return template.CSS(style) },
		"outcome": func(o probes.Outcome) string { return export.OutcomeWord(o, export.Lang(lang)) },
		"reason":  func(r probes.Reason) string { return export.Words(r, export.Lang(lang)) },
		"length":  func(d time.Duration) string { return length(lang, d) },
		"earlier": func(d time.Duration) string {
			return fmt.Sprintf(pick(lang, "or up to %s earlier", "最大%s早い可能性"), length(lang, d))
		},
		"clock":   func(t time.Time) string { return t.Format("2006-01-02 15:04:05") },
		"rfc3339": func(t time.Time) string { return t.Format(time.RFC3339) },
		"bytes":   byteCount,
	}
	return template.Must(template.New("").Funcs(functions).ParseFS(pageFiles, "pages/*.html"))
}

func pick(lang, en, ja string) string {
	if lang == japanese {
		return ja
	}
	return en
}

// length says how long something lasts, as people say it: in its two largest units.
func length(lang string, d time.Duration) string {
	d = d.Round(time.Second)
	units := []struct {
		d      time.Duration
		en, ja string
	}{{24 * time.Hour, "d", "日"}, {time.Hour, "h", "時間"}, {time.Minute, "min", "分"}, {time.Second, "s", "秒"}}
	for i, unit := range units {
		n := d / unit.d
		if n == 0 && i < len(units)-1 {
			continue
		}
		text := fmt.Sprintf(pick(lang, "%d %s", "%d%s"), n, pick(lang, unit.en, unit.ja))
		if i+1 < len(units) {
			if rest := d % unit.d / units[i+1].d; rest > 0 {
				text += fmt.Sprintf(pick(lang, " %d %s", "%d%s"), rest, pick(lang, units[i+1].en, units[i+1].ja))
			}
		}
		return text
	}
	return ""
}

func byteCount(n int64) string {
	if n < 1<<10 {
		return fmt.Sprintf("%d B", n)
	}
	if n < 1<<20 {
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

// pathEscape makes one part of an address of a name. A name with a colon must not look like a scheme.
func pathEscape(name string) string { return url.PathEscape(name) }

// render sends a page in the reader's language.
func (s *Server) render(w http.ResponseWriter, r *http.Request, name string, page any) error {
	lang := language(r)
	var body bytes.Buffer
	if err := templates[lang].ExecuteTemplate(&body, name, page); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", lang)
	h.Add("Vary", "Accept-Language")
	h.Set("Content-Security-Policy", pagePolicy)
	s.write(w, r, body.Bytes())
	return nil
}

// webLink is an address that a page may link to: one of the web, and nothing that a hostile notice could make of it.
func webLink(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.String()
}
