package metrics

import (
	"slices"

	dto "github.com/prometheus/client_model/go"

	"mynaprobe/probes"
)

// lastRunFamilies tell what the newest run of a probe of any kind said.
func lastRunFamilies() []family {
	return []family{
		{
			name: "probe_outcome", kind: gauge, labels: probeLabels, lastRun: true,
			help: "Verdict of the last run: 0 unknown (also when it is too old, or there was none), 1 up, 2 degraded, 3 maintenance, 4 down.",
			collect: func(s *scrape) {
				for i := range s.probes {
					outcome := probes.Unknown
					if run := s.probes[i].run; run != nil {
						outcome = run.Outcome
					}
					s.add(float64(outcome), s.probes[i].state.labels)
				}
			},
		},
		ofRun("probe_success",
			"1 when the last run was up or degraded, 0 when it was down or in maintenance; absent when the prober could not tell.", success),
		ofRun("probe_duration_seconds", "How long the last run took.",
			func(r *probes.Result) (float64, bool) { return r.Duration.Duration().Seconds(), true }),
		ofRunBy("probe_failure", "1 for the reason why the last run was not up; absent when it was.", []string{"reason"},
			func(r *probes.Result, yield func(float64, ...*dto.LabelPair)) {
				if i := slices.Index(reasons, r.Reason); i >= 0 && r.Outcome != probes.Up {
					yield(1, reasonPairs[i])
				}
			}),
		ofRun("probe_first_attempt_success",
			"1 when the last run was good at its first attempt, 0 when it was not or had to try again; absent when the prober could not tell.",
			func(r *probes.Result) (float64, bool) {
				x, ok := success(r)
				if len(r.Attempts) > 1 {
					x = 0
				}
				return x, ok
			}),
		ofRun("probe_attempts", "How many times the (last) request of the last run was tried.",
			func(r *probes.Result) (float64, bool) {
				n := len(r.Attempts)
				if n == 0 && r.Outcome != probes.Unknown {
					n = 1
				}
				return float64(n), true
			}),
	}
}

func success(r *probes.Result) (float64, bool) {
	return number(r.Outcome.Good()), r.Outcome != probes.Unknown
}

var reasonPairs = pairs("reason", reasons)

func pairs[T ~string](name string, values []T) []*dto.LabelPair {
	all := make([]*dto.LabelPair, len(values))
	for i, value := range values {
		all[i] = pair(name, string(value))
	}
	return all
}

var (
	phases     = probes.AllPhases()
	phasePairs = pairs("phase", phases)
)

// httpFamilies are named as blackbox_exporter names them, where it has one.
func httpFamilies() []family {
	return []family{
		ofRun("probe_http_status_code",
			"Status code of the last answer: of the HTTP request, of the browser's main document, or of the source of notices; 0 when there was none.",
			func(r *probes.Result) (float64, bool) {
				switch {
				case r.HTTP != nil:
					return float64(r.HTTP.Status), true
				case r.Browser != nil:
					return float64(r.Browser.Status), true
				case r.Notice != nil:
					return float64(r.Notice.Status), true
				}
				return 0, r.Outcome != probes.Unknown
			}),
		ofRunBy("probe_http_duration_seconds",
			"Time by phase of the last attempt, summed over redirects; 0 for a phase that did not happen. In a browser run, that of the last main document.",
			[]string{"phase"},
			func(r *probes.Result, yield func(float64, ...*dto.LabelPair)) {
				times, ok := phasesOf(r)
				if !ok {
					return
				}
				for i, phase := range phases {
					yield(times.Of(phase).Duration().Seconds(), phasePairs[i])
				}
			}),
		ofRunBy("probe_http_hung_seconds",
			"How long the phase had taken that was running when the last attempt was cut off; absent when none was.", []string{"phase"},
			func(r *probes.Result, yield func(float64, ...*dto.LabelPair)) {
				if len(r.Attempts) == 0 {
					return
				}
				last := r.Attempts[len(r.Attempts)-1]
				if i := slices.Index(phases, last.Hung); i >= 0 {
					yield(last.HungFor.Duration().Seconds(), phasePairs[i])
				}
			}),
		ofRun("probe_dns_lookup_time_seconds", "Time taken to resolve the host's name, the resolve phase once more.",
			func(r *probes.Result) (float64, bool) {
				if r.HTTP == nil {
					return 0, false
				}
				return r.HTTP.Phases.Resolve.Duration().Seconds(), true
			}),
		ofHTTP("probe_http_redirects", "How many redirects the last run followed.",
			func(h *probes.HTTPResult) (float64, bool) { return float64(h.Redirects), true }),
		ofHTTP("probe_http_content_length", "Length in bytes that the last answer's header gave, -1 when it gave none.",
			func(h *probes.HTTPResult) (float64, bool) { return float64(h.ContentLength), h.Status != 0 }),
		ofHTTP("probe_http_uncompressed_body_length", "Bytes of the last answer's body that were read, after decoding.",
			func(h *probes.HTTPResult) (float64, bool) { return float64(h.BodyBytes), h.Status != 0 }),
		ofHTTP("probe_http_version", "HTTP version of the last answer.",
			func(h *probes.HTTPResult) (float64, bool) { return h.Version, h.Version != 0 }),
		ofHTTP("probe_http_last_modified_timestamp_seconds", "Last-Modified header of the last answer; absent when it had none.",
			func(h *probes.HTTPResult) (float64, bool) { return unixSeconds(h.LastModified) }),
		ofHTTP("probe_http_ssl", "1 when the last connection used TLS, 0 when it did not.",
			func(h *probes.HTTPResult) (float64, bool) {
				return number(h.TLS != nil), h.TLS != nil || h.IPVersion != 0
			}),
		ofHTTP("probe_ip_protocol", "IP version of the last connection, 4 or 6; absent when there was none.",
			func(h *probes.HTTPResult) (float64, bool) { return float64(h.IPVersion), h.IPVersion != 0 }),
		ofRunBy("probe_tls_version_info", "1 for the TLS version of the last connection.", []string{"version"},
			func(r *probes.Result, yield func(float64, ...*dto.LabelPair)) {
				if r.HTTP == nil || r.HTTP.TLS == nil {
					return
				}
				if i := slices.Index(tlsVersions, r.HTTP.TLS.Version); i >= 0 {
					yield(1, tlsPairs[i])
				}
			}),
		ofCertificate("probe_ssl_earliest_cert_expiry",
			"Unix time at which the first of the certificates expires that the target last showed, trusted or not.",
			func(t *probes.TLSResult) (float64, bool) { return unixSeconds(t.EarliestExpiry) }),
		ofCertificate("probe_ssl_last_chain_expiry_timestamp_seconds",
			"When the last of the verified chains expires that the target last showed; absent when none verified.",
			func(t *probes.TLSResult) (float64, bool) { return unixSeconds(t.ChainExpiry) }),
	}
}

var (
	tlsVersions = []string{"TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"}
	tlsPairs    = pairs("version", tlsVersions)
)

// phasesOf are the phases that a run measured, and false when it came to none.
func phasesOf(r *probes.Result) (probes.Phases, bool) {
	switch {
	case r.HTTP != nil:
		return r.HTTP.Phases, true
	case r.Browser != nil:
		return r.Browser.Phases, true
	case len(r.Attempts) > 0:
		return r.Attempts[len(r.Attempts)-1].Phases, true
	}
	return probes.Phases{}, false
}

func ofHTTP(name, help string, value func(*probes.HTTPResult) (float64, bool)) family {
	return ofRun(name, help, func(r *probes.Result) (float64, bool) {
		if r.HTTP == nil {
			return 0, false
		}
		return value(r.HTTP)
	})
}

// ofCertificate is a time of the certificate that was seen last. It outlives the run: an expiry is as true a minute later,
// and its alert must not end because the target stopped answering.
func ofCertificate(name, help string, value func(*probes.TLSResult) (float64, bool)) family {
	f := ofProbe(gauge, name, help, func(v *probeView) (float64, bool) {
		if v.live.tls == nil {
			return 0, false
		}
		return value(v.live.tls)
	})
	f.lastRun = true
	return f
}

var (
	vitals       = []string{"ttfb", "fcp", "lcp", "inp"}
	vitalPairs   = pairs("vital", vitals)
	parties      = []probes.Party{probes.FirstParty, probes.ThirdParty}
	partyPairs   = pairs("party", parties)
	requestState = []probes.RequestState{probes.RequestOK, probes.RequestFailed, probes.RequestBlocked, probes.RequestPending}
	requestPairs = pairs("state", requestState)
)

// browserFamilies tell what a browser run measured.
func browserFamilies() []family {
	return []family{
		ofRunBy("probe_browser_step_duration_seconds", "How long each step of the last run took; absent for a step that was skipped.",
			[]string{"step"}, eachStep(func(step probes.StepResult) float64 { return step.Duration.Duration().Seconds() })),
		ofRunBy("probe_browser_step_success", "1 for each step of the last run that passed, 0 for the one that failed; absent for a step that was skipped.",
			[]string{"step"}, eachStep(func(step probes.StepResult) float64 { return number(step.State == probes.StepPassed) })),
		ofRunBy("probe_browser_web_vital_seconds", "Web vitals of the last run by name: ttfb, fcp, lcp, inp; absent for one that did not happen.",
			[]string{"vital"},
			func(r *probes.Result, yield func(float64, ...*dto.LabelPair)) {
				if r.Browser == nil {
					return
				}
				for i, vital := range vitals {
					if d, ok := r.Browser.Vitals[vital]; ok {
						yield(d.Duration().Seconds(), vitalPairs[i])
					}
				}
			}),
		ofBrowser("probe_browser_cumulative_layout_shift", "Cumulative layout shift of the last run, without unit; absent when it was not measured.",
			func(b *probes.BrowserResult) (float64, bool) {
				if b.LayoutShift == nil {
					return 0, false
				}
				return *b.LayoutShift, true
			}),
		ofRunBy("probe_browser_requests", "Requests that the pages of the last run made, by party and by what became of them.",
			[]string{"party", "state"},
			func(r *probes.Result, yield func(float64, ...*dto.LabelPair)) {
				if r.Browser == nil {
					return
				}
				for i, party := range parties {
					for j, state := range requestState {
						yield(requestsOf(r.Browser, party, state), partyPairs[i], requestPairs[j])
					}
				}
			}),
		ofBrowser("probe_browser_console_errors", "Errors that the pages of the last run wrote to the console.",
			func(b *probes.BrowserResult) (float64, bool) { return float64(b.ConsoleErrors), true }),
		ofBrowser("probe_browser_page_errors", "Uncaught errors in the pages of the last run.",
			func(b *probes.BrowserResult) (float64, bool) { return float64(b.PageErrors), true }),
		ofBrowser("probe_browser_transfer_bytes", "Bytes that the pages of the last run took over the network.",
			func(b *probes.BrowserResult) (float64, bool) { return float64(b.TransferBytes), true }),
	}
}

func ofBrowser(name, help string, value func(*probes.BrowserResult) (float64, bool)) family {
	return ofRun(name, help, func(r *probes.Result) (float64, bool) {
		if r.Browser == nil {
			return 0, false
		}
		return value(r.Browser)
	})
}

func requestsOf(b *probes.BrowserResult, party probes.Party, state probes.RequestState) float64 {
	n := 0
	for _, count := range b.Requests {
		if count.Party == party && count.State == state {
			n += count.Count
		}
	}
	return float64(n)
}

// eachStep yields the steps of a browser run. Of steps with one name the first counts: a series exists once.
func eachStep(value func(probes.StepResult) float64) func(*probes.Result, func(float64, ...*dto.LabelPair)) {
	return func(r *probes.Result, yield func(float64, ...*dto.LabelPair)) {
		if r.Kind != probes.KindBrowser {
			return
		}
		for i, step := range r.Steps {
			sameName := func(other probes.StepResult) bool { return other.Name == step.Name }
			if step.State != probes.StepSkipped && slices.IndexFunc(r.Steps, sameName) == i {
				yield(value(step), pair("step", step.Name))
			}
		}
	}
}
