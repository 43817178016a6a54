package httpprobe

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/PuerkitoBio/goquery"
	"github.com/ohler55/ojg/oj"
	"golang.org/x/net/html/charset"

	"mynaprobe/probes"
)

// A page is the body of an answer, looked at only as deeply as somebody asks.
type page struct {
	contentType string
	body        []byte // decompressed, in the page's charset

	utf8     []byte
	decoded  bool
	scanned  bool
	title    string
	text     string // folded visible text
	doc      *goquery.Document
	docErr   error
	json     any
	jsonErr  error
	jsonDone bool
}

// content is the body in UTF-8.
func (p *page) content() []byte {
	if p.decoded {
		return p.utf8
	}
	p.decoded = true
	p.utf8 = p.body
	mediaType, params, _ := mime.ParseMediaType(p.contentType)
	if isJSON(mediaType) || strings.EqualFold(params["charset"], "utf-8") {
		// JSON is UTF-8 whatever is said of it (RFC 8259, section 8.1).
		p.utf8 = bytes.TrimPrefix(p.body, []byte("\xef\xbb\xbf"))
	} else if encoding, name, _ := charset.DetermineEncoding(p.body, p.contentType); name != "utf-8" {
		if text, err := encoding.NewDecoder().Bytes(p.body); err == nil {
			p.utf8 = text
		}
	} else {
		p.utf8 = bytes.TrimPrefix(p.body, []byte("\xef\xbb\xbf"))
	}
	if !utf8.Valid(p.utf8) {
		p.utf8 = bytes.ToValidUTF8(p.utf8, []byte("\uFFFD"))
	}
	return p.utf8
}

func isJSON(mediaType string) bool {
	return mediaType == "application/json" || strings.HasSuffix(mediaType, "+json")
}

func (p *page) isHTML() bool {
	mediaType, _, _ := mime.ParseMediaType(p.contentType)
	switch {
	case mediaType == "text/html", mediaType == "application/xhtml+xml":
		return true
	case mediaType == "":
		return strings.HasPrefix(http.DetectContentType(p.body), "text/html")
	}
	return false
}

func (p *page) scan() {
	if p.scanned {
		return
	}
	p.scanned = true
	if p.isHTML() {
		title, text := visibleText(p.content())
		p.title, p.text = probes.Fold(title), probes.Fold(text)
	} else if isText(p.contentType, p.body) {
		p.text = probes.Fold(string(p.content()))
	}
}

func isText(contentType string, body []byte) bool {
	mediaType, _, _ := mime.ParseMediaType(contentType)
	if mediaType == "" {
		mediaType, _, _ = mime.ParseMediaType(http.DetectContentType(body))
	}
	return strings.HasPrefix(mediaType, "text/") || isJSON(mediaType) || strings.HasSuffix(mediaType, "xml") ||
		mediaType == "application/javascript"
}

// visible is the folded visible text, pageTitle the folded title.
func (p *page) visible() string   { p.scan(); return p.text }
func (p *page) pageTitle() string { p.scan(); return p.title }

// maxParse bounds what is parsed into a tree, in bytes.
const maxParse = 2 << 20

// document is the parsed page.
func (p *page) document() (*goquery.Document, error) {
	if p.doc == nil && p.docErr == nil {
		content := p.content()
		p.doc, p.docErr = goquery.NewDocumentFromReader(bytes.NewReader(content[:min(len(content), maxParse)]))
	}
	return p.doc, p.docErr
}

// value is the body as JSON.
func (p *page) value() (any, error) {
	if !p.jsonDone {
		p.jsonDone = true
		content := p.content()
		if !json.Valid(content) {
			p.jsonErr = errors.New("the body is no valid JSON")
		} else {
			p.json, p.jsonErr = oj.Parse(content)
		}
	}
	return p.json, p.jsonErr
}

var bodies = sync.Pool{New: func() any { b := make([]byte, 0, 32<<10); return &b }}

// keepBody is the largest buffer that goes back to the pool.
const keepBody = 256 << 10

func giveBack(b *[]byte) {
	if b != nil && cap(*b) <= keepBody {
		bodies.Put(b)
	}
}

// canDecode reports whether readBody knows a content coding.
func canDecode(encoding string) bool {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity", "gzip", "x-gzip", "deflate":
		return true
	}
	return false
}

// readBody reads and decompresses a body up to limit bytes; cut reports that there is more. What was read is good even
// when there is an error.
func readBody(resp *http.Response, limit int64) (body *[]byte, cut bool, err error) {
	var from io.Reader = resp.Body
	body = bodies.Get().(*[]byte)
	*body = (*body)[:0]
	switch encoding := strings.ToLower(strings.TrimSpace(resp.Header.Get("Content-Encoding"))); encoding {
	case "gzip", "x-gzip", "deflate":
		if resp.Request != nil && resp.Request.Method == http.MethodHead {
			break
		}
		unzip := func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }
		if encoding == "deflate" {
			unzip = func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) }
		}
		if from, err = unzip(resp.Body); err != nil {
			if errors.Is(err, io.EOF) {
				err = nil // an empty body, which some servers mark as compressed all the same
			}
			return body, false, err
		}
	}
	b := *body
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, readErr := from.Read(b[len(b):min(int64(cap(b)), limit+1)])
		b = b[:len(b)+n]
		if int64(len(b)) > limit {
			b, cut = b[:limit], true
			break
		}
		if readErr != nil {
			if readErr != io.EOF {
				err = readErr
			}
			break
		}
	}
	*body = b
	return body, cut, err
}
