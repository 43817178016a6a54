package probes

import "time"

// Notice is the definition of a notice probe: a page, a feed or a JSON document that lists notices.
type Notice struct {
	URL     string
	Headers []Header
	// Format is "html", "feed" (RSS 2.0, RDF, Atom) or "json"; empty to tell by the answer.
	Format string
	// ThroughBrowser renders the page in the browser first, for lists built by script.
	ThroughBrowser bool
	// About are words of which a notice names at least one to concern us; empty means every notice does.
	About []string
	// Item, Title, Link, Date and Body are CSS selectors (html) or JSONPaths (json); the last four are relative to the
	// item. Empty ones are guessed.
	Item, Title, Link, Date, Body string
	// Follow reads the page behind each item that concerns us; Content is the CSS selector of its text.
	Follow  bool
	Content string
	// MaxItems bounds the items read of one source, MaxPages the pages followed in one run.
	MaxItems, MaxPages int
	// MinItems is the number of items below which the source counts as broken (1 unless the definition says otherwise).
	MinItems int
	// NewestWithin is the age past which the newest item makes the source count as stale; 0 for no limit.
	NewestWithin time.Duration
	TLS          TLS
	Maintenance  Patterns
	MaxBody      int64
}
