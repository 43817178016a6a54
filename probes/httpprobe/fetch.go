package httpprobe

import (
	"bytes"
	"context"
	"net/http"

	"mynaprobe/probes"
)

// Fetched is the last answer of a run.
type Fetched struct {
	// URL is the address at which redirects ended; empty when no answer came.
	URL    string
	Status int
	Header http.Header
	// Body is decompressed, in the charset of the page, and cut at the definition's MaxBody.
	Body []byte
}

// Fetch runs an HTTP definition once, as Run does, and returns its last answer too: for whoever needs the page itself. A
// definition that cannot be prepared gives a result that says so.
func (p *Prober) Fetch(ctx context.Context, probe probes.Probe) (fetched Fetched, result probes.Result) {
	runner, err := p.prepare(probe)
	if err != nil {
		return Fetched{}, probes.Failed(probe, p.clock.Now(), probes.ReasonDefinition, err.Error())
	}
	result = runner.do(ctx, func(a *answer) {
		fetched = Fetched{Status: a.status, Header: a.header, Body: bytes.Clone(a.page.body)}
		if a.status != 0 {
			fetched.URL = a.url.String()
		}
	})
	return fetched, result
}
