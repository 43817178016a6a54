package noticeprobe

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ohler55/ojg/jp"
)

// The names under which JSON documents keep the parts of a notice, the commonest first.
var (
	titleNames = []string{"title", "subject", "headline", "name", "summary", "タイトル", "件名"}
	linkNames  = []string{"url", "html_url", "link", "permalink", "href", "uri", "shortlink"}
	dateNames  = []string{"published", "published_at", "publishedat", "date_published", "publish_date", "pubdate", "date", "created_at", "createdat", "created", "posted_at", "started_at", "updated_at", "updated", "日付", "掲載日"}
	bodyNames  = []string{"content_html", "content_text", "body", "content", "text", "description", "message", "detail", "details", "本文", "内容"}
)

// readJSON reads the notices of a JSON document.
func (s source) readJSON(body []byte, base *url.URL, now time.Time) (listing, error) {
	list := listing{format: "json", whole: true}
	var document any
	if err := json.Unmarshal(body, &document); err != nil {
		return list, fmt.Errorf("the answer is no valid JSON: %w", err)
	}
	var items []any
	if s.paths.item != nil {
		items = values(s.paths.item, document)
		if len(items) == 1 {
			if inner, ok := items[0].([]any); ok {
				items = inner // the path of the list itself
			}
		} else if len(items) == 0 && s.MinItems > 0 {
			return list, selectorErrorf("the item path %s leads to nothing: the list is empty, or its shape has changed", s.Item)
		}
	} else {
		items = guessArray(document)
	}
	missing := map[string]int{}
	part := func(key string, item any, given jp.Expr, names []string) any {
		if given == nil {
			return named(item, names)
		}
		found := values(given, item)
		if len(found) == 0 {
			missing[key]++
			return nil
		}
		return found[0]
	}
	for _, item := range items {
		e := entry{
			title: oneLineOf(wordsOf(part("title", item, s.paths.title, titleNames))),
			link:  absolute(base, wordsOf(part("link", item, s.paths.link, linkNames))),
			text:  textOf(wordsOf(part("body", item, s.paths.body, bodyNames))),
		}
		e.published = dateOfValue(part("date", item, s.paths.date, dateNames), now)
		if text, plain := item.(string); plain {
			e.text = textOf(text)
		}
		if e.title == "" {
			e.title, e.text, _ = strings.Cut(e.text, "\n")
		}
		if e.title != "" {
			list.entries = append(list.entries, e)
		}
	}
	for _, p := range []struct{ key, path string }{{"title", s.Title}, {"link", s.Link}, {"date", s.Date}, {"body", s.Body}} {
		switch n := missing[p.key]; {
		case n == 0:
		case n == len(items):
			return list, selectorErrorf("the %s path %s leads to nothing in any of the %d items: the shape has changed", p.key, p.path, n)
		default:
			list.warnings = append(list.warnings, fmt.Sprintf("the %s path %s leads to nothing in %d of %d items", p.key, p.path, n, len(items)))
		}
	}
	return list, nil
}

// values are those that a path leads to, in the order of their places: a path that goes through the members of an
// object would find them in another order each time.
func values(path jp.Expr, document any) []any {
	places := path.Locate(document, 0)
	slices.SortStableFunc(places, func(a, b jp.Expr) int { return slices.CompareFunc(a, b, compareFragments) })
	var found []any
	for _, place := range places {
		found = append(found, place.First(document))
	}
	return found
}

func compareFragments(a, b jp.Frag) int {
	i, isIndex := a.(jp.Nth)
	j, too := b.(jp.Nth)
	if isIndex && too {
		return cmp.Compare(i, j)
	}
	return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

// guessArray finds the array of which the most members have a title.
func guessArray(document any) []any {
	var best []any
	most := 0
	var walk func(v any, depth int)
	walk = func(v any, depth int) {
		if depth > 8 {
			return
		}
		switch v := v.(type) {
		case []any:
			titled := 0
			for _, member := range v {
				if wordsOf(named(member, titleNames)) != "" {
					titled++
				}
				walk(member, depth+1)
			}
			if titled > most {
				best, most = v, titled
			}
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				walk(v[key], depth+1)
			}
		}
	}
	walk(document, 0)
	return best
}

// named is the first member of an object that goes by one of the names, in whatever case.
func named(item any, names []string) any {
	object, ok := item.(map[string]any)
	if !ok {
		return nil
	}
	for _, name := range names {
		if v, ok := object[name]; ok && v != nil {
			return v
		}
	}
	keys := slices.Sorted(maps.Keys(object)) // so that the same document always gives the same item
	for _, name := range names {
		for _, key := range keys {
			if object[key] != nil && strings.EqualFold(key, name) {
				return object[key]
			}
		}
	}
	return nil
}

// wordsOf is the text of a value; of an object like WordPress's {"rendered": "…"} that of its only text.
func wordsOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return fmt.Sprint(v)
	case map[string]any:
		for _, key := range []string{"rendered", "ja", "text", "value", "html"} {
			if s, ok := v[key].(string); ok {
				return s
			}
		}
	}
	return ""
}

// dateOfValue reads a date from a text, or from a number of seconds or milliseconds since 1970.
func dateOfValue(v any, now time.Time) time.Time {
	switch v := v.(type) {
	case string:
		at, _ := readDate(v, now)
		return at
	case float64:
		if v >= 1e11 {
			v /= 1000
		}
		if v >= 6e8 && v < 7e9 {
			return time.Unix(int64(v), 0).In(japan)
		}
	}
	return time.Time{}
}
