package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// timeLayouts are the ways to write a moment; those without a zone are in local time.
var timeLayouts = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"}

func parseTime(text string) (time.Time, error) { return parseTimeIn(text, time.Local) }

// parseTimeIn reads a moment; one without a zone is in the zone given.
func parseTimeIn(text string, zone *time.Location) (time.Time, error) {
	for _, layout := range timeLayouts {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf(`%q is not a time; write it as "2025-10-30 09:15", 2025-10-30T09:15:00+09:00 or 2025-10-30`, text)
}

// parseSince reads a moment, or how long ago it was.
func parseSince(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	t, err := parseTime(text)
	if err != nil {
		return t, fmt.Errorf("%w; or a span such as 30d or 12h", err)
	}
	return t, nil
}
