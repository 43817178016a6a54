package browserprobe

import (
	"net/url"
	"sort"
	"strings"
	"time"

	"github.com/chromedp/cdproto/network"

	"mynaprobe/probes"
)

// maxRequests bounds what is kept of a visit's requests; beyond it they are counted in bytes only.
const maxRequests = 2000

// A request is one that a page, a frame or a worker made.
type request struct {
	id       network.RequestID
	party    probes.Party
	kind     network.ResourceType
	sent     *network.Request
	start    time.Time
	at       float64
	end      float64
	response *network.Response
	onWire   bool
	state    probes.RequestState
	problem  string
	bytes    int64
}

// traffic is all requests of a visit, in order.
type traffic struct {
	setup    *setup
	requests []*request
	open     map[network.RequestID]*request
	bytes    int64
	// unpacked is the size of bodies after decoding; that on the wire is known only at the end of some.
	unpacked int64
	// quietSince is when the last request ended; zero while one is under way.
	quietSince time.Time
}

func (t *traffic) start(s *setup) {
	t.setup = s
	t.open = map[network.RequestID]*request{}
	t.quietSince = time.Now()
}

// event takes an event of the Network domain and returns the bytes received so far, 0 when it brought none.
func (t *traffic) event(event any) int64 {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if before := t.open[e.RequestID]; before != nil && e.RedirectResponse != nil {
			before.response = e.RedirectResponse
			t.bytes += int64(e.RedirectResponse.EncodedDataLength)
			before.bytes = int64(e.RedirectResponse.EncodedDataLength)
			t.close(before, float64(e.Timestamp), "", false)
		} else if before != nil {
			return 0 // the same request, seen by the frame that takes it over
		}
		if e.Type == network.ResourceTypeOther && e.Initiator != nil && e.Initiator.Type == network.InitiatorTypeOther {
			return 0 // the browser's own, for the icon of its window
		}
		t.add(e.RequestID, e.Request, e.Type, float64(e.Timestamp), float64(e.WallTime))
	case *network.EventRequestWillBeSentExtraInfo:
		if r := t.open[e.RequestID]; r != nil {
			r.onWire = true
			if len(e.Headers) > 0 {
				r.sent.Headers = e.Headers
			}
		}
	case *network.EventResponseReceived:
		if r := t.open[e.RequestID]; r != nil {
			r.response = e.Response
			r.kind = e.Type
		}
	case *network.EventDataReceived:
		if r := t.open[e.RequestID]; r != nil {
			r.bytes += max(e.EncodedDataLength, 0)
			t.bytes += max(e.EncodedDataLength, 0)
			t.unpacked += e.DataLength
		}
	case *network.EventLoadingFinished:
		if r := t.open[e.RequestID]; r != nil {
			t.bytes += int64(e.EncodedDataLength) - r.bytes
			r.bytes = int64(e.EncodedDataLength)
			t.close(r, float64(e.Timestamp), "", false)
		}
	case *network.EventLoadingFailed:
		if r := t.open[e.RequestID]; r != nil {
			problem := e.ErrorText
			if e.BlockedReason != "" {
				problem = "blocked: " + string(e.BlockedReason)
			} else if e.CorsErrorStatus != nil {
				problem = "refused by CORS: " + string(e.CorsErrorStatus.CorsError)
			}
			// an answer that is not what its tag asks for (https://github.com/annevk/orb) is a failure of the server's
			blocked := e.BlockedReason != "" || strings.Contains(e.ErrorText, "ERR_BLOCKED_BY")
			t.close(r, float64(e.Timestamp), problem, blocked && !strings.Contains(e.ErrorText, "BLOCKED_BY_ORB"))
			switch answered := r.response != nil; {
			case answered && r.response.Status >= 400:
				r.state = probes.RequestFailed
			case e.Canceled && !blocked && answered:
				r.state = probes.RequestOK
			case e.Canceled && !blocked:
				r.state = probes.RequestPending // the page itself gave it up
			}
		}
	case *network.EventWebSocketCreated:
		t.add(e.RequestID, &network.Request{URL: e.URL, Method: "GET"}, network.ResourceTypeWebSocket, 0, 0)
	case *network.EventWebSocketHandshakeResponseReceived:
		if r := t.open[e.RequestID]; r != nil {
			r.response = &network.Response{URL: r.sent.URL, Status: e.Response.Status, StatusText: e.Response.StatusText, Headers: e.Response.Headers}
			if e.Response.Status == 101 {
				r.response.Status = 101
			}
			t.close(r, float64(e.Timestamp), "", false)
		}
	case *network.EventWebSocketFrameError:
		if r := t.open[e.RequestID]; r != nil {
			t.close(r, float64(e.Timestamp), e.ErrorMessage, false)
		}
	case *network.EventWebSocketClosed:
		if r := t.open[e.RequestID]; r != nil {
			t.close(r, float64(e.Timestamp), "closed before it was open", false)
		}
	}
	return max(t.bytes, t.unpacked)
}

func (t *traffic) add(id network.RequestID, sent *network.Request, kind network.ResourceType, at, wall float64) {
	u, err := url.Parse(sent.URL)
	if err != nil || u.Host == "" || len(t.requests) >= maxRequests {
		return // data:, blob: and the like never leave the browser
	}
	start := time.Now()
	if wall > 0 {
		start = time.UnixMicro(int64(wall * 1e6))
	}
	r := &request{id: id, party: t.setup.party(u.Hostname()), kind: kind, sent: sent, at: at, start: start, state: probes.RequestPending}
	t.requests = append(t.requests, r)
	t.open[id] = r
	t.quietSince = time.Time{}
}

func (t *traffic) close(r *request, at float64, problem string, blocked bool) {
	r.end, r.problem, r.state = at, problem, probes.RequestOK
	switch {
	case blocked:
		r.state = probes.RequestBlocked
	case problem != "" || r.response != nil && r.response.Status >= 400:
		r.state = probes.RequestFailed
	}
	delete(t.open, r.id)
	if len(t.open) == 0 {
		t.quietSince = time.Now()
	}
}

// document returns the latest request for the document.
func (t *traffic) document(loader string) *request {
	for i := len(t.requests) - 1; i >= 0; i-- {
		if string(t.requests[i].id) == loader {
			return t.requests[i]
		}
	}
	return nil
}

// counts sums the requests by party and state; every pair is there, also when it is 0.
func (t *traffic) counts() []probes.RequestCount {
	n := map[probes.Party]map[probes.RequestState]int{probes.FirstParty: {}, probes.ThirdParty: {}}
	for _, r := range t.requests {
		n[r.party][r.state]++
	}
	var counts []probes.RequestCount
	for _, party := range []probes.Party{probes.FirstParty, probes.ThirdParty} {
		for _, state := range []probes.RequestState{probes.RequestOK, probes.RequestFailed, probes.RequestBlocked, probes.RequestPending} {
			counts = append(counts, probes.RequestCount{Party: party, State: state, Count: n[party][state]})
		}
	}
	return counts
}

// failed returns the first few requests that failed, those of the first party first.
func (t *traffic) failed(limit int) []probes.FailedRequest {
	var failed []probes.FailedRequest
	for _, r := range t.requests {
		if r.state == probes.RequestFailed {
			failed = append(failed, r.failure())
		}
	}
	sort.SliceStable(failed, func(i, j int) bool { return failed[i].Party < failed[j].Party })
	return failed[:min(limit, len(failed))]
}

func (r *request) failure() probes.FailedRequest {
	f := probes.FailedRequest{URL: shownURL(r.sent.URL), Party: r.party, Type: strings.ToLower(string(r.kind)), Error: r.problem}
	if r.response != nil {
		f.Status = int(r.response.Status)
	}
	return f
}

// underWay describes the requests that are not answered yet, oldest first.
func (t *traffic) underWay(limit int) []string {
	var list []string
	for _, r := range t.requests {
		if t.open[r.id] != r {
			continue
		}
		if len(list) == limit {
			return append(list, "…")
		}
		list = append(list, r.sent.Method+" "+shownURL(r.sent.URL))
	}
	return list
}
