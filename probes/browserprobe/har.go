package browserprobe

import (
	"encoding/json"
	"fmt"
	"net/url"
	"sort"
	"strings"
	"time"

	"github.com/chromedp/cdproto/network"
)

// secretHeaders are masked in a HAR whatever they hold.
var secretHeaders = map[string]bool{
	"authorization": true, "proxy-authorization": true, "cookie": true, "set-cookie": true, "x-api-key": true, "x-auth-token": true,
	"x-csrf-token": true, "x-xsrf-token": true, "authentication-info": true,
}

// The types of HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/), as far as we fill them. The generated ones of
// cdproto leave out fields that are 0, which readers of HAR do not accept.
type (
	harLog struct {
		Log struct {
			Version string     `json:"version"`
			Creator harCreator `json:"creator"`
			Entries []harEntry `json:"entries"`
		} `json:"log"`
	}
	harCreator struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	harPair struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	harRequest struct {
		Method      string    `json:"method"`
		URL         string    `json:"url"`
		Version     string    `json:"httpVersion"`
		Cookies     []harPair `json:"cookies"`
		Headers     []harPair `json:"headers"`
		Query       []harPair `json:"queryString"`
		HeadersSize int       `json:"headersSize"`
		BodySize    int       `json:"bodySize"`
	}
	harContent struct {
		Size     int64  `json:"size"`
		MimeType string `json:"mimeType"`
	}
	harResponse struct {
		Status      int64      `json:"status"`
		StatusText  string     `json:"statusText"`
		Version     string     `json:"httpVersion"`
		Cookies     []harPair  `json:"cookies"`
		Headers     []harPair  `json:"headers"`
		Content     harContent `json:"content"`
		RedirectURL string     `json:"redirectURL"`
		HeadersSize int        `json:"headersSize"`
		BodySize    int64      `json:"bodySize"`
		Error       string     `json:"_error,omitempty"`
	}
	harTimings struct {
		Blocked float64 `json:"blocked"`
		DNS     float64 `json:"dns"`
		Connect float64 `json:"connect"`
		SSL     float64 `json:"ssl"`
		Send    float64 `json:"send"`
		Wait    float64 `json:"wait"`
		Receive float64 `json:"receive"`
	}
	harEntry struct {
		Started  string      `json:"startedDateTime"`
		Time     float64     `json:"time"`
		Request  harRequest  `json:"request"`
		Response harResponse `json:"response"`
		Cache    struct{}    `json:"cache"`
		Timings  harTimings  `json:"timings"`
		ServerIP string      `json:"serverIPAddress,omitempty"`
		Kind     string      `json:"_resourceType"`
		Party    string      `json:"_party"`
	}
)

// har writes the requests as a HAR. Bodies are left out; secrets are masked.
func (t *traffic) har(m masker) ([]byte, error) {
	var log harLog
	log.Log.Version, log.Log.Creator = "1.2", harCreator{Name: "mynaprobe", Version: "1"}
	log.Log.Entries = []harEntry{}
	for _, r := range t.requests {
		log.Log.Entries = append(log.Log.Entries, r.har(m))
	}
	return json.MarshalIndent(log, "", " ")
}

func (r *request) har(m masker) harEntry {
	e := harEntry{
		Started: r.start.Format(time.RFC3339Nano), Kind: strings.ToLower(string(r.kind)), Party: string(r.party),
		Request: harRequest{Method: r.sent.Method, URL: m.mask(withoutUserinfo(r.sent.URL)), Version: "HTTP/1.1", Cookies: []harPair{},
			Headers: harHeaders(r.sent.Headers, m), Query: harQuery(r.sent.URL, m), HeadersSize: -1, BodySize: -1},
		Response: harResponse{Version: "HTTP/1.1", Cookies: []harPair{}, Headers: []harPair{}, HeadersSize: -1, BodySize: r.bytes, Error: m.mask(r.problem)},
		Timings:  harTimings{Blocked: -1, DNS: -1, Connect: -1, SSL: -1},
	}
	if r.end > r.at {
		e.Time = (r.end - r.at) * 1000
	}
	resp := r.response
	if resp == nil {
		e.Timings.Wait = e.Time
		return e
	}
	version := strings.ToUpper(or(resp.Protocol, "http/1.1"))
	e.Request.Version, e.Response.Version = version, version
	e.Response.Status, e.Response.StatusText = resp.Status, resp.StatusText
	e.Response.Headers = harHeaders(resp.Headers, m)
	e.Response.Content = harContent{Size: r.bytes, MimeType: resp.MimeType}
	e.ServerIP = strings.Trim(resp.RemoteIPAddress, "[]")
	for _, h := range e.Response.Headers {
		if strings.EqualFold(h.Name, "location") {
			e.Response.RedirectURL = h.Value
		}
	}
	if g := resp.Timing; g != nil {
		span := func(from, to float64) float64 {
			if from < 0 || to < from {
				return -1
			}
			return to - from
		}
		e.Timings = harTimings{
			Blocked: -1, DNS: span(g.DNSStart, g.DNSEnd), Connect: span(g.ConnectStart, g.ConnectEnd), SSL: span(g.SslStart, g.SslEnd),
			Send: max(span(g.SendStart, g.SendEnd), 0), Wait: max(span(g.SendEnd, g.ReceiveHeadersEnd), 0),
		}
		e.Timings.Receive = max(e.Time-g.ReceiveHeadersEnd, 0)
	}
	return e
}

func harHeaders(headers network.Headers, m masker) []harPair {
	pairs := make([]harPair, 0, len(headers))
	for name, value := range headers {
		text := fmt.Sprint(value)
		if secretHeaders[strings.ToLower(name)] {
			text = maskedText
		}
		pairs = append(pairs, harPair{Name: name, Value: m.mask(text)})
	}
	sort.Slice(pairs, func(i, j int) bool { return pairs[i].Name < pairs[j].Name })
	return pairs
}

func harQuery(address string, m masker) []harPair {
	pairs := []harPair{}
	u, err := url.Parse(address)
	if err != nil {
		return pairs
	}
	for name, values := range u.Query() {
		for _, value := range values {
			pairs = append(pairs, harPair{Name: m.mask(name), Value: m.mask(value)})
		}
	}
	sort.Slice(pairs, func(i, j int) bool { return pairs[i].Name < pairs[j].Name })
	return pairs
}

func withoutUserinfo(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return address
	}
	u.User = nil
	return u.String()
}
