package noticeprobe_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"mynaprobe/probes"
)

// sane checks what must hold of whatever a source says.
func sane(t *testing.T, result probes.Result) {
	t.Helper()
	if result.Reason == probes.ReasonInternal {
		t.Fatalf("%s\n%s", result.Message, result.Evidence.Files["panic.txt"])
	}
	if result.Outcome.Good() && len(result.Notice.Items) == 0 {
		t.Fatal("up without an item")
	}
	seen := map[string]bool{}
	for _, item := range result.Notice.Items {
		if item.Title == "" || item.Hash == "" || item.Address == "" || !strings.HasPrefix(item.Text, item.Title) {
			t.Fatalf("half an item: %+v", item)
		}
		if !utf8.ValidString(item.Text) || len(item.Text) > 64<<10 {
			t.Fatalf("bad text: %q", item.Text)
		}
		if seen[item.Address] {
			t.Fatalf("two items at %s", item.Address)
		}
		seen[item.Address] = true
		if !strings.HasPrefix(item.Address, "http://") && !strings.HasPrefix(item.Address, "https://") {
			t.Fatalf("address %q", item.Address)
		}
		if !item.Published.IsZero() && (item.Published.Year() < 1989 || item.Published.Year() > 2201) {
			t.Fatalf("published %v", item.Published)
		}
	}
}

func fuzz(t *testing.T, n probes.Notice, body []byte, contentType string) {
	n.URL, n.MinItems = listURL, 1
	w := newWeb(map[string]answer{listURL: {body: string(body), contentType: contentType}})
	runner := w.prepare(t, n)
	begun := time.Now()
	result := runner.Run(t.Context())
	// No timed test: a bound that only something like quadratic work on a small page could miss.
	if took := time.Since(begun); took > 20*time.Second {
		t.Fatalf("%d bytes took %v", len(body), took)
	}
	sane(t, result)
	again := runner.Run(t.Context())
	sane(t, again)
	if len(again.Notice.Items) != len(result.Notice.Items) {
		t.Fatal("the same body gave other items")
	}
	for i, item := range again.Notice.Items {
		if item.Hash != result.Notice.Items[i].Hash || item.Address != result.Notice.Items[i].Address {
			t.Fatalf("the same body gave another revision of %s", item.Address)
		}
	}
}

func FuzzHTMLList(f *testing.F) {
	for _, layout := range layouts {
		f.Add([]byte(frame(layout)), false)
		f.Add([]byte(layout), true)
	}
	f.Fuzz(func(t *testing.T, body []byte, selectors bool) {
		n := probes.Notice{Format: "html"}
		if selectors {
			n.Item, n.Title, n.Date = "li, dt, tr, article, section a", "a, h2", "time, span, td"
		}
		fuzz(t, n, body, "text/html")
	})
}

func FuzzFeed(f *testing.F) {
	f.Add([]byte(rss))
	f.Add([]byte(rss[:len(rss)/2]))
	f.Add([]byte(`<rdf:RDF xmlns="http://purl.org/rss/1.0/"><item><title>障害</title><dc:date>2025-10-30</dc:date></item>`))
	f.Add([]byte(`<feed xmlns="http://www.w3.org/2005/Atom"><entry><title type="html">&lt;b&gt;</title><link href="x"/></entry></feed>`))
	f.Fuzz(func(t *testing.T, body []byte) { fuzz(t, probes.Notice{Format: "feed"}, body, "") })
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"a": [{"title": "障害", "url": "/x", "date": 1756652400}]}`), false)
	f.Add([]byte(`[{"name": {"rendered": "<p>x</p>"}, "body": "2025年10月30日 x"}]`), true)
	f.Fuzz(func(t *testing.T, body []byte, paths bool) {
		n := probes.Notice{Format: "json"}
		if paths {
			n.Item, n.Title = "$..*", "$.name"
		}
		fuzz(t, n, body, "application/json")
	})
}
