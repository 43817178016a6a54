package browserprobe

import (
	"time"

	"mynaprobe/probes"
)

// pageVitals are what the library measured of one document, in milliseconds; see lib.js for the sources.
type pageVitals struct {
	FCP  *float64 `json:"fcp"`
	LCP  *float64 `json:"lcp"`
	INP  *float64 `json:"inp"`
	TTFB *float64 `json:"ttfb"`
	CLS  *float64 `json:"cls"`
	// Nav are the phases of the navigation: https://www.w3.org/TR/navigation-timing-2/
	Nav *struct {
		Redirect, DNS, Connect, TLS, Processing, Transfer float64
	} `json:"nav"`
}

// vitals are those of a visit: the worst of its documents, and the phases of the last.
type vitals struct {
	times  map[string]time.Duration
	shift  *float64
	phases probes.Phases
}

func (v *vitals) add(p pageVitals) {
	if v.times == nil {
		v.times = map[string]time.Duration{}
	}
	for name, value := range map[string]*float64{"fcp": p.FCP, "lcp": p.LCP, "inp": p.INP, "ttfb": p.TTFB} {
		if value != nil && *value >= 0 {
			v.times[name] = max(v.times[name], milliseconds(*value))
		}
	}
	if p.CLS != nil && (v.shift == nil || *p.CLS > *v.shift) {
		v.shift = p.CLS
	}
	if p.Nav != nil {
		v.phases = probes.Phases{
			Resolve: seconds(p.Nav.DNS), Connect: seconds(p.Nav.Connect), TLS: seconds(p.Nav.TLS),
			Processing: seconds(p.Nav.Processing), Transfer: seconds(p.Nav.Transfer),
		}
	}
}

func (v *vitals) seconds() map[string]probes.Seconds {
	if len(v.times) == 0 {
		return nil
	}
	out := make(map[string]probes.Seconds, len(v.times))
	for name, d := range v.times {
		out[name] = probes.Seconds(d)
	}
	return out
}

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

func seconds(ms float64) probes.Seconds { return probes.Seconds(max(milliseconds(ms), 0)) }
