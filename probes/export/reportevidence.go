package export

import (
	"encoding/base64"
	"html/template"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// lastGoodPrefix marks the evidence of the last good run beside that of a failure.
const lastGoodPrefix = "last-good-"

type (
	shot struct {
		Caption, Class string
		Source         template.URL
	}
	textFile struct {
		Name, Text string
		Cut        bool
	}
)

// The bounds of what a report takes in: a report is to be sent and printed, and the evidence itself stays where it is.
const (
	maxPicture = 8 << 20
	maxText    = 6000
)

// shownTexts are the files that tell a person something. Page sources and request logs are large and may hold what is
// nobody's business, so they are only named.
var shownTexts = []string{"steps.txt", "console.txt", "text.txt", "response.txt"}

// evidenceOf sorts evidence into pictures, with the failure before the last good run, texts, and files that are only named.
func evidenceOf(files map[string][]byte, lang Lang) (shots []shot, texts []textFile, others []string) {
	for _, name := range slices.SortedFunc(maps.Keys(files), failureFirst) {
		data := files[name]
		plain, good := strings.CutPrefix(name, lastGoodPrefix)
		switch {
		case picture(data):
			s := shot{Caption: lang.of("At the failure", "失敗時"), Class: "down"}
			if good {
				s = shot{Caption: lang.of("Last good run", "最後の正常時"), Class: "up"}
			}
			// Only a real raster image becomes a data: address: html/template would rightly refuse any other.
			s.Source = template.URL("data:" + http.DetectContentType(data) + ";base64," + base64.StdEncoding.EncodeToString(data))
			shots = append(shots, s)
		case slices.Contains(shownTexts, plain) && !good && len(data) > 0:
			texts = append(texts, excerpt(name, data))
		default:
			others = append(others, clean(name))
		}
	}
	return shots, texts, others
}

// failureFirst puts each file of the failure before its counterpart of the last good run.
func failureFirst(a, b string) int {
	plainA, goodA := strings.CutPrefix(a, lastGoodPrefix)
	plainB, goodB := strings.CutPrefix(b, lastGoodPrefix)
	if plainA != plainB {
		return strings.Compare(plainA, plainB)
	}
	switch {
	case goodA == goodB:
		return 0
	case goodA:
		return 1
	}
	return -1
}

func picture(data []byte) bool {
	if len(data) > maxPicture {
		return false
	}
	switch http.DetectContentType(data) {
	case "image/png", "image/jpeg", "image/webp":
		return true
	}
	return false
}

// credentials are header lines that a report does not repeat, whatever the evidence holds.
var credentials = regexp.MustCompile(`(?im)^((?:[<>] ?)?(?:set-)?cookie2?|(?:[<>] ?)?(?:proxy-)?authorization|(?:[<>] ?)?x-(?:api-key|auth-token|csrf-token)):.*$`)

func excerpt(name string, data []byte) textFile {
	text := strings.ToValidUTF8(string(data), "\ufffd")
	text = credentials.ReplaceAllString(text, "$1: (removed)")
	file := textFile{Name: clean(name), Text: text}
	if len(text) > maxText {
		end := maxText
		for end > 0 && !utf8.RuneStart(text[end]) {
			end--
		}
		file.Text, file.Cut = text[:end], true
	}
	return file
}
