// Package export shows results and outage windows to people and to other programs: terminal tables, JSON, CSV,
// iCalendar, OpenMetrics, JUnit, TAP and one-file HTML reports.
// It only writes what it is given to an io.Writer; deciding what a result or a window means, keeping it, and serving it
// over HTTP belong to other rooms.
package export
