package definition

import (
	"fmt"
	"strings"
)

// otherWords are what people write who know other tools, and the word used here.
var otherWords = map[string]string{
	"interval": "every", "frequency": "every", "schedule": "every", "period": "every", "scrape_interval": "every",
	"uri": "url", "address": "url", "target": "url", "endpoint": "url",
	"assert": "expect", "assertions": "expect", "conditions": "expect", "validate": "expect", "check": "expect",
	"status_code": "status", "valid_status_codes": "status", "code": "status",
	"goto": "open", "navigate": "open", "visit": "open", "tap": "click", "type": "fill", "input": "fill",
	"contains": "text", "body_contains": "text", "regex": "regexp", "jsonpath": "json", "css": "selector", "xpath": "selector",
	"id": "name", "enabled": "disabled", "headers": "header", "password": "basic", "token": "bearer",
	"actions": "steps", "journey": "steps", "script": "steps", "feed": "notice", "rss": "notice", "checks": "probes", "monitors": "probes",
	"description": "title", "from": "start", "to": "end", "rrule": "repeat", "until": "end",
}

// nearest returns the candidate that was most likely meant by the word, or "" when none comes near.
func nearest(word string, candidates []string) string {
	lower := strings.ToLower(strings.ReplaceAll(word, "-", "_"))
	best, least := "", 3
	for _, c := range candidates {
		if c == otherWords[lower] {
			return c
		}
		limit := min(2, len(c)/3)
		if n := distance(lower, strings.ToLower(c)); n <= limit && n < least {
			best, least = c, n
		}
	}
	if best != "" || len(lower) < 3 {
		return best
	}
	for _, c := range candidates {
		if strings.HasPrefix(c, lower) || len(c) > 3 && strings.HasPrefix(lower, c) {
			return c
		}
	}
	return ""
}

// distance is the number of characters to insert, remove, replace or swap with their neighbour (optimal string
// alignment).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 40 || len(y) > 40 {
		return 99
	}
	var before, row, next []int
	row = make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		next = make([]int, len(y)+1)
		next[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			next[j+1] = min(row[j]+cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(y)]
}

// meant suggests one of the names that exist.
func meant(name string, names []string) string {
	switch {
	case len(names) == 0:
		return ""
	case nearest(name, names) != "":
		return fmt.Sprintf("did you mean %q?", nearest(name, names))
	case len(names) > 10:
		return "known are " + strings.Join(names[:10], ", ") + ", …"
	}
	return "known: " + strings.Join(names, ", ")
}

func andList(words []string) string { return joined(words, "and") }

func orList(words []string) string { return joined(words, "or") }

func joined(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + last + " " + words[len(words)-1]
}

func lowerFirst(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToLower(s[:1]) + s[1:]
}
