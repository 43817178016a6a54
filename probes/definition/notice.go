package definition

import (
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"mynaprobe/probes"
)

const (
	defaultMaxItems = 50
	defaultMaxPages = 5
)

// noticeDef is the notice block of a probe.
type noticeDef struct {
	probes.Notice
	headers []pair[probes.Value]
	items   itemsDef
	slow    located[time.Duration]
}

// itemsDef tells the items of a source. Whether its texts are CSS selectors or JSONPaths depends on the format.
type itemsDef struct {
	item, title, link, date, body located[string]
	min, max                      int
	newest                        time.Duration
}

var items = object[itemsDef]{
	name: "items", what: "items", doc: "How the items of a source are found and counted. Selectors are CSS (html) or JSONPath (json); those that are missing are guessed.",
	fields: []field[itemsDef]{
		key("item", at(text), func(i *itemsDef) *located[string] { return &i.item }, "Selector of the items."),
		key("title", at(text), func(i *itemsDef) *located[string] { return &i.title }, "Selector of an item's title, inside of it."),
		key("link", at(text), func(i *itemsDef) *located[string] { return &i.link }, "Selector of its link, inside of it."),
		key("date", at(text), func(i *itemsDef) *located[string] { return &i.date }, "Selector of its date, inside of it."),
		key("body", at(text), func(i *itemsDef) *located[string] { return &i.body }, "Selector of its text, inside of it."),
		key("min", integer(0, 1000), func(i *itemsDef) *int { return &i.min }, "The number of items below which the source counts as broken."),
		key("max", integer(1, 1000), func(i *itemsDef) *int { return &i.max }, "The most items that are read."),
		key("newest_within", atLeast(time.Minute, "a notice is never that new"), func(i *itemsDef) *time.Duration { return &i.newest }, "The age past which the newest item makes the source count as stale."),
	},
	initial: itemsDef{min: 1, max: defaultMaxItems},
	check: func(d *document, n *yaml.Node, i *itemsDef) bool {
		return ordered(d, n, "min", "max", int64(i.min), int64(i.max))
	},
}.shape()

// follow says whether and how the page behind an item is read.
type follow struct {
	on      bool
	content string
	pages   int
}

var followShape = func() shape[follow] {
	long := object[follow]{
		name: "follow", what: "follow", doc: "How the page behind each item that concerns us is read.",
		fields: []field[follow]{
			key("content", selector, func(f *follow) *string { return &f.content }, "CSS selector of the page's text."),
			key("max_pages", integer(1, 50), func(f *follow) *int { return &f.pages }, "The most pages that are read in one run."),
		},
		initial: follow{on: true, pages: defaultMaxPages},
	}.shape()
	short := as(boolean, func(on bool) follow { return follow{on: on, pages: defaultMaxPages} })
	return either(short, long)
}()

var emptyNotice = noticeDef{
	Notice: probes.Notice{MaxBody: defaultMaxBody, MaxPages: defaultMaxPages},
	items:  itemsDef{min: 1, max: defaultMaxItems},
}

// noticeShape is the block, or the address alone where there is no more to say.
var noticeShape = either(reads(pageURL.want, pageURL.schema, func(d *document, n *yaml.Node) (noticeDef, bool) {
	v := emptyNotice
	var ok bool
	v.URL, ok = pageURL.decode(d, n)
	return v, finishNotice(d, n, &v) && ok
}), noticeBlock)

var noticeBlock = object[noticeDef]{
	name: "notice", what: "notice", doc: "A notice probe: a page, a feed or a JSON document that lists notices.",
	fields: []field[noticeDef]{
		key("url", pageURL, func(v *noticeDef) *string { return &v.URL }, "The address of the list or feed.").must(),
		key("about", oneOrMany(text), func(v *noticeDef) *[]string { return &v.About }, "Words of which a notice names at least one to concern us."),
		key("format", enum("html", "feed", "json"), func(v *noticeDef) *string { return &v.Format }, "The source's format; told by the answer where nothing is given."),
		key("through_browser", boolean, func(v *noticeDef) *bool { return &v.ThroughBrowser }, "Renders the page in the browser first."),
		key("items", items, func(v *noticeDef) *itemsDef { return &v.items }, "How items are found and counted."),
		{name: "follow", doc: "Reads the page behind each item that concerns us.", schema: followShape.schema, set: func(d *document, v *noticeDef, n *yaml.Node) bool {
			f, ok := followShape.decode(d, n)
			v.Follow, v.Content, v.MaxPages = f.on, f.content, f.pages
			return ok
		}},
		key("headers", headers, func(v *noticeDef) *[]pair[probes.Value] { return &v.headers }, "Request headers."),
		key("tls", tlsSettings, func(v *noticeDef) *probes.TLS { return &v.TLS }, "Certificates and TLS versions."),
		key("maintenance", patterns, func(v *noticeDef) *probes.Patterns { return &v.Maintenance }, "What the source's own maintenance page shows."),
		key("max_body", size, func(v *noticeDef) *int64 { return &v.MaxBody }, "How much of a body is read."),
		key("slow", at(duration), func(v *noticeDef) *located[time.Duration] { return &v.slow }, "The duration past which a good run is degraded."),
	},
	initial: emptyNotice,
	check:   finishNotice,
}.shape()

func finishNotice(d *document, n *yaml.Node, v *noticeDef) bool {
	i := v.items
	v.Headers = toHeaders(v.headers)
	v.Item, v.Title, v.Link, v.Date, v.Body = i.item.value, i.title.value, i.link.value, i.date.value, i.body.value
	v.MinItems, v.MaxItems, v.NewestWithin = i.min, i.max, i.newest
	good := true
	if m := placeholder.FindString(v.URL); m != "" {
		d.problem(n, m+" cannot stand in the address of a notice", "only requests in a row carry values; write the address out")
		good = false
	}
	for _, s := range []located[string]{i.item, i.title, i.link, i.date, i.body} {
		if !s.given() {
			continue
		}
		var message, hint string
		switch {
		case v.Format == "feed":
			message, hint = "a feed needs no selectors", "take it out, or set format: html or json"
		case v.Format == "json", v.Format == "" && strings.HasPrefix(s.value, "$"):
			message, hint = checkJSONPath(s.value)
		default:
			message, hint = checkSelector(s.value)
		}
		if message != "" {
			d.problem(s.node, message, hint)
			good = false
		}
	}
	return good
}
