// Package recorder reads what the Recorder panel of Chrome DevTools exports as JSON, and makes a browser probe of it: the
// steps themselves, or the text of a definition.
// It does no I/O; it neither runs what it reads nor checks that a page still is as it was recorded.
package recorder
