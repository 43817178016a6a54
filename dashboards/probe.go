package dashboards

func probeDetail() dashboard {
	evidence := []object{
		{"title": "Evidence of the newest failure", "url": "http://${__data.fields.instance}/evidence/?probe=${__data.fields.probe}", "targetBlank": true},
	}
	const notBrowser = "not a browser probe, or no run yet"
	return dashboard{
		uid: ProbeUID, title: "Probe detail",
		about: "What a probe saw: phases, steps, reasons, retries, certificate, web vitals and requests. Choose one probe; of several, each step shows the worst.",
		panels: []panel{
			stat(panel{
				title: "Now", width: 6, words: outcomes, unit: "none", none: "no data: is the prober scraped?", runbook: "MynaprobeProbeDown",
				about:   "The verdict of the last run at each location. " + outcomeWords,
				queries: []query{{expr: `max by (probe, location) (probe_outcome{` + ofProbe + `})`, legend: "{{probe}} {{location}}"}},
			}),
			stat(panel{
				title: "Reason", width: 5, unit: "none", words: []word{{1, "now", "red"}}, none: "none: all is up", runbook: "MynaprobeProbeDown",
				about:   "Why the last run was not up.",
				queries: []query{{expr: `max by (probe, location, reason) (probe_failure{` + ofProbe + `})`, legend: "{{reason}} {{location}}"}},
			}),
			stat(panel{
				title: "Last run", width: 5, unit: "s", none: "not run yet",
				about:   "How long ago the last run started. A frozen prober shows as a growing age.",
				queries: []query{{expr: `time() - max by (probe, location) (probe_last_run_timestamp_seconds{` + ofProbe + `})`, legend: "{{probe}} {{location}}"}},
			}),
			stat(panel{
				title: "Certificate expires in", width: 4, unit: "s", none: "no TLS", runbook: "MynaprobeCertificateExpiring",
				levels:  []level{{nil, "red", "less than a week is left, or it has expired"}, {604800, "orange", "less than three weeks are left"}, {1814400, "green", "three weeks or more are left"}},
				about:   "Time until the first certificate expires that the target showed, trusted or not.",
				queries: []query{{expr: `min by (probe, location) (probe_ssl_earliest_cert_expiry{` + ofProbe + `}) - time()`, legend: "{{probe}} {{location}}"}},
			}),
			stat(panel{
				title: "Good at the first attempt", width: 4, unit: "none", words: []word{{0, "no", "red"}, {1, "yes", "green"}}, none: "the prober could not tell",
				about:   "Whether the last run was good without a retry: a retry that helps hides trouble.",
				queries: []query{{expr: `min by (probe, location) (probe_first_attempt_success{` + ofProbe + `})`, legend: "{{probe}} {{location}}"}},
			}),
			timeline(panel{
				title: "Verdict", width: 24, unit: "none", words: outcomes, none: "no data", runbook: "MynaprobeProbeDown",
				about:   "The worst verdict of any run in each step. " + outcomeWords,
				queries: []query{{expr: worst("probe, location", "probe_outcome", ofProbe), legend: "{{probe}} {{location}}"}},
			}),
			timeline(panel{
				title: "Reasons", width: 12, unit: "none", words: []word{{1, "seen", "red"}}, none: "none: all was up",
				about:   "Which reasons some run in the step gave for not being up.",
				queries: []query{{expr: worst("probe, location, reason", "probe_failure", ofProbe), legend: "{{probe}} {{reason}} {{location}}"}},
			}),
			timeline(panel{
				title: "Observed outage", width: 12, unit: "none", words: []word{{0, "none", "transparent"}, {1, "window", "red"}}, none: "no data",
				about:   "Whether a confirmed outage window of the probe was open at any moment of the step.",
				queries: []query{{expr: worst("probe, location", "probe_outage_active", ofProbe), legend: "{{probe}} {{location}}"}},
			}),
			series(panel{
				title: "Phases", width: 12, unit: "s", min: 0, custom: stacked, none: "no data",
				about:   "Where the time went, phase on phase: the longest of each in the step, of all locations chosen. In a browser run, that of the last main document.",
				queries: []query{{expr: worst("probe, phase", "probe_http_duration_seconds", ofProbe), legend: "{{probe}} {{phase}}"}},
			}),
			series(panel{
				title: "Duration", width: 12, unit: "s", min: 0, none: "no data",
				about: "The longest and the shortest run in each step; and where a run was cut off, how long the phase had taken that was running then.",
				queries: []query{
					{expr: worst("probe, location", "probe_duration_seconds", ofProbe), legend: "{{probe}} {{location}} longest"},
					{expr: `min by (probe, location) (min_over_time(probe_duration_seconds{` + ofProbe + `}[$__interval]))`, legend: "{{probe}} {{location}} shortest"},
					{expr: worst("probe, location, phase", "probe_http_hung_seconds", ofProbe), legend: "{{probe}} {{location}} hung in {{phase}}"},
				},
			}),
			series(panel{
				title: "Attempts", width: 8, unit: "short", min: 0, decimals: 0, none: "no data",
				about:   "How many times the request of a run was tried: the most in each step.",
				queries: []query{{expr: worst("probe, location", "probe_attempts", ofProbe), legend: "{{probe}} {{location}}"}},
			}),
			series(panel{
				title: "Runs", width: 8, unit: "short", min: 0, decimals: 0, custom: bars, none: "no data",
				about: "Runs on schedule, those of them that failed, could not tell or never started, and runs beside the schedule (confirmations, on demand).",
				queries: []query{
					{expr: counted("probe", "probe_failed_runs_total", ofProbe), legend: "{{probe}} failed"},
					{expr: counted("probe", "probe_unknown_runs_total", ofProbe), legend: "{{probe}} could not tell"},
					{expr: counted("probe", "probe_missed_runs_total", ofProbe), legend: "{{probe}} missed"},
					{expr: counted("probe", "probe_extra_runs_total", ofProbe), legend: "{{probe}} beside the schedule"},
					{expr: counted("probe", "probe_runs_total", ofProbe), legend: "{{probe}} on schedule"},
				},
			}),
			timeline(panel{
				title: "HTTP status", width: 8, height: 8, unit: "none", none: "no data", words: []word{
					{0, "no answer", "red"}, {[2]any{100, 399}, "", "green"}, {[2]any{400, 499}, "", "orange"}, {[2]any{500, 599}, "", "red"},
				},
				about:   "The highest status code in each step: of the request, or of the browser's main document. Below 400 is green, 4xx orange, 5xx and no answer red.",
				queries: []query{{expr: worst("probe, location", "probe_http_status_code", ofProbe), legend: "{{probe}} {{location}}"}},
			}),
			row("In the browser"),
			series(panel{
				title: "Steps", width: 12, unit: "s", min: 0, custom: stacked, none: notBrowser,
				about:   "How long each step took, the longest in each step of the graph; a step that was skipped is absent.",
				queries: []query{{expr: worst("probe, step", "probe_browser_step_duration_seconds", ofProbe), legend: "{{probe}} {{step}}"}},
			}),
			timeline(panel{
				title: "Steps passed", width: 12, height: 8, unit: "none", words: []word{{0, "failed", "red"}, {1, "passed", "green"}}, none: notBrowser,
				about:   "The step that failed, and those before it. Later steps were skipped and show nothing.",
				queries: []query{{expr: `min by (probe, step) (min_over_time(probe_browser_step_success{` + ofProbe + `}[$__interval]))`, legend: "{{probe}} {{step}}"}},
			}),
			series(panel{
				title: "Web vitals", width: 12, unit: "s", min: 0, none: notBrowser,
				about:   "Time to first byte (ttfb), first and largest contentful paint (fcp, lcp), interaction to next paint (inp): the longest in each step.",
				queries: []query{{expr: worst("probe, vital", "probe_browser_web_vital_seconds", ofProbe), legend: "{{probe}} {{vital}}"}},
			}),
			series(panel{
				title: "Layout shift", width: 12, unit: "short", min: 0, none: notBrowser,
				levels:  []level{{nil, "green", "good"}, {0.1, "orange", "needs work"}, {0.25, "red", "poor"}},
				about:   "Cumulative layout shift, without unit: how much the page jumps while it loads.",
				queries: []query{{expr: worst("probe, location", "probe_browser_cumulative_layout_shift", ofProbe), legend: "{{probe}} {{location}}"}},
			}),
			series(panel{
				title: "Requests by party", width: 12, unit: "short", min: 0, decimals: 0, custom: bars, none: notBrowser,
				about:   "Requests of the pages by party (first: the target itself; third: analytics and the like) and by what became of them. A failing third party is no outage.",
				queries: []query{{expr: worst("probe, party, state", "probe_browser_requests", ofProbe), legend: "{{probe}} {{party}} {{state}}"}},
			}),
			series(panel{
				title: "Errors on the page", width: 6, unit: "short", min: 0, decimals: 0, none: notBrowser,
				about: "Uncaught errors, and errors written to the console: the most in each step.",
				queries: []query{
					{expr: worst("probe", "probe_browser_page_errors", ofProbe), legend: "{{probe}} uncaught"},
					{expr: worst("probe", "probe_browser_console_errors", ofProbe), legend: "{{probe}} console"},
				},
			}),
			series(panel{
				title: "Bytes over the network", width: 6, unit: "bytes", min: 0, none: notBrowser,
				about:   "Bytes that the pages of a run took over the network: the most in each step.",
				queries: []query{{expr: worst("probe, location", "probe_browser_transfer_bytes", ofProbe), legend: "{{probe}} {{location}}"}},
			}),
			table(panel{
				title: "What is probed, and evidence", width: 24, unit: "none", none: "no data",
				about:   "The configured addresses. The probe's name leads to what the prober kept of its newest failure, beside the last good run.",
				queries: []query{{expr: `max by (probe, flow, stage, kind, target, reference, location, instance) (probe_info{` + ofProbe + `})`, form: "table"}},
			}, []column{
				{field: "probe", title: "Probe (evidence)", links: evidence}, {field: "kind", title: "Kind", width: 90}, {field: "flow", title: "Flow"},
				{field: "stage", title: "Stage"}, {field: "target", title: "Target"}, {field: "reference", title: "Reference", width: 90},
				{field: "location", title: "Location"}, {field: "instance", title: "Prober"}, {field: "Value"},
			}),
		},
	}
}
