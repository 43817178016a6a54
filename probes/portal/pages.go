package portal

import (
	"bytes"
	"embed"
	"encoding/xml"
	"html/template"
	"net/http"
	"time"
)

//go:embed site
var site embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"day":  func(t time.Time) string { return t.In(japan).Format("2006年1月2日") },
	"iso":  func(t time.Time) string { return t.In(japan).Format(time.RFC3339) },
	"hour": func(t time.Time) string { return t.In(japan).Format("2006年1月2日 15時04分") },
}).ParseFS(site, "site/*.html"))

func asset(name string) []byte {
	data, err := site.ReadFile("site/" + name)
	if err != nil {
		panic(err) // embedded, so it is there
	}
	return data
}

// page is what the templates show.
type page struct {
	standing
	Title       string
	Redesign    bool
	ScriptError bool
	Empty       bool
	Cards       bool
	Notice      notice
	Code        int
	Reference   string
	Asked       asked
}

// asked is what of a request the page shows that tells visitors what arrived.
type asked struct {
	Language, Mark string
	Cookie         bool // there is one named check; its value is nobody's business
}

func askedBy(r *http.Request) asked {
	_, err := r.Cookie("check")
	return asked{Language: r.Header.Get("Accept-Language"), Mark: r.Header.Get("X-Check"), Cookie: err == nil}
}

// Site, Notices: for the templates, which see exported names alone.
func (pg page) Site() Site        { return pg.site }
func (pg page) Notices() []notice { return pg.notices }

// Latest are the notices that the top page shows.
func (pg page) Latest() []notice { return pg.notices[:min(3, len(pg.notices))] }

func (pg page) titled(title string) page {
	pg.Title = title
	return pg
}

func (resp Response) page(name string, pg page) Response {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name+".html", pg); err != nil {
		resp.Status = http.StatusInternalServerError
		resp.Body = []byte(err.Error())
		return resp
	}
	resp.Body = b.Bytes()
	return resp
}

// The feed is RSS 2.0 (https://www.rssboard.org/rss-specification).
type rss struct {
	XMLName xml.Name   `xml:"rss"`
	Version string     `xml:"version,attr"`
	Channel rssChannel `xml:"channel"`
}

type rssChannel struct {
	Title       string    `xml:"title"`
	Link        string    `xml:"link"`
	Description string    `xml:"description"`
	Language    string    `xml:"language"`
	Items       []rssItem `xml:"item"`
}

type rssItem struct {
	Title       string `xml:"title"`
	Link        string `xml:"link"`
	GUID        string `xml:"guid"`
	PubDate     string `xml:"pubDate"`
	Description string `xml:"description"`
}

func feed(resp Response, base string, st standing, condition Condition) Response {
	channel := rssChannel{
		Title: st.site.Name + " お知らせ", Link: base + "/info/", Description: st.site.Name + "からのお知らせ", Language: "ja",
	}
	if condition.State != Empty {
		for _, n := range st.notices {
			address := base + "/info/" + n.ID + "/"
			channel.Items = append(channel.Items, rssItem{
				Title: n.Title, Link: address, GUID: address, PubDate: n.Published.Format(time.RFC1123Z), Description: n.Text,
			})
		}
	}
	body, err := xml.MarshalIndent(rss{Version: "2.0", Channel: channel}, "", "  ")
	if err != nil {
		panic(err) // only strings come here
	}
	resp.Header.Set("Content-Type", "application/rss+xml; charset=utf-8")
	resp.Body = append([]byte(xml.Header), body...)
	if condition.State == Broken {
		// Cut off inside the first item's title, as a writer that died would leave it.
		if i := bytes.Index(resp.Body, []byte("<item>")); i >= 0 {
			resp.Body = resp.Body[:i+len("<item>\n      <title>")]
		} else {
			resp.Body = resp.Body[:len(resp.Body)/2]
		}
	}
	return resp
}
