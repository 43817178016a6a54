package dashboards

func flowOverview() dashboard {
	probeLink := []object{{"title": "Probe detail", "url": "/d/" + ProbeUID + "?${__url_time_range}&${datasource:queryparam}&${flow:queryparam}&${location:queryparam}&var-stage=${__field.labels.stage}"}}
	objective := `on (flow) (1 - flow:objective:max{flow=~"$flow"})`
	return dashboard{
		uid: FlowUID, title: "Flow overview",
		about: "Is the flow up, which stage is not, and since when? Outage windows are shaded: observed in red, announced in orange, planned in blue.",
		panels: []panel{
			stat(panel{
				title: "Now", width: 8, words: outcomes, unit: "none", runbook: "MynaprobeFlowDown", none: "no data: is the prober scraped?",
				about:   "Where each flow stands at each location at the end of the time range. " + outcomeWords,
				queries: []query{{expr: titled(`max by (flow, location) (flow_outcome{` + inFlow + `})`), legend: "{{title}} {{location}}"}},
			}),
			stat(panel{
				title: "Stages out", width: 4, unit: "none", words: []word{{1, "out", "red"}}, none: "none", runbook: "MynaprobeFlowDown",
				about:   "Stages with an open observed window, at any location.",
				queries: []query{{expr: `max by (flow, stage) (stage_outage_active{` + inStage + `} == 1)`, legend: "{{stage}}"}},
				links:   probeLink,
			}),
			stat(panel{
				title: "Out since", width: 6, unit: "dateTimeAsIso", none: "not out", levels: []level{{nil, "red", "a window is open"}},
				about: "Start of the window that is open now: the earliest of all locations, by who says so.",
				queries: []query{{
					expr:   `1000 * min by (flow, source) (flow_outage_start_timestamp_seconds{` + inFlow + `} and on (flow, location, source, instance, job) flow_outage_active{` + inFlow + `} == 1)`,
					legend: "{{flow}} {{source}}",
				}},
			}),
			stat(panel{
				title: "Locations that see it down", width: 6, unit: "short", none: "none", runbook: "MynaprobeFlowDown",
				levels:  []level{{nil, "orange", "at least one location; it pages when half of those with fresh knowledge say so"}},
				about:   "How many locations know freshly that the flow is out.",
				queries: []query{{expr: `flow:down_votes:count{flow=~"$flow"}`, legend: "{{flow}}"}},
			}),
			stat(panel{
				title: "Availability", width: 8, unit: "percentunit", decimals: 3, none: "no data",
				levels: []level{{nil, "red", "below 99 %"}, {0.99, "orange", "below 99.9 %"}, {0.999, "green", "99.9 % or more"}},
				about: "Share of the time range in which the flow was not out, by the windows and the quorum over locations. Read it together with the coverage beside it: " +
					"it says nothing of time that nobody observed.",
				queries: []query{{expr: `1 - avg_over_time(flow:unavailable:max{flow=~"$flow"}[$__range])`, legend: "{{flow}}"}},
			}),
			stat(panel{
				title: "Coverage", width: 8, runbook: "MynaprobeTooFewEyes", unit: "percentunit", decimals: 1, none: "never observed", max: 1,
				levels: []level{{nil, "red", "below 95 %: the availability is a guess"}, {0.95, "orange", "below 99 %"}, {0.99, "green", "99 % or more"}},
				about: "Share of the time range in which at least one location had fresh knowledge of the flow. Time before the first scrape counts as not observed. " +
					"It is counted in the samples of a rule that is evaluated once a minute.",
				queries: []query{{expr: `clamp_max(sum_over_time(flow:known:bool{flow=~"$flow"}[$__range]) * 60 / $__range_s, 1)`, legend: "{{flow}}"}},
			}),
			stat(panel{
				title: "Error budget left", width: 8, unit: "percentunit", decimals: 1, none: "no objective is configured",
				levels:  []level{{nil, "red", "used up"}, {0, "orange", "less than a quarter is left"}, {0.25, "green", "a quarter or more is left"}},
				about:   "What is left of the unavailability that the flow's objective allows in the time range; negative when it is overspent.",
				queries: []query{{expr: `1 - avg_over_time(flow:unavailable:max{flow=~"$flow"}[$__range]) / ` + objective, legend: "{{flow}}"}},
			}),
			timeline(panel{
				title: "Verdict by location", width: 24, words: outcomes, unit: "none", runbook: "MynaprobeFlowDown", none: "no data",
				about:   "The worst verdict in each step. " + outcomeWords,
				queries: []query{{expr: titled(worst("flow, location", "flow_outcome", inFlow)), legend: "{{title}} {{location}}"}},
			}),
			timeline(panel{
				title: "Outage windows", width: 24, unit: "none", words: []word{{0, "none", "transparent"}, {1, "window", "red"}}, none: "no data",
				about:   "Whether a window was open at any moment of the step, by who says so.",
				queries: []query{{expr: worst("flow, source", "flow_outage_active", inFlow), legend: "{{flow}} {{source}}"}},
			}),
			timeline(panel{
				title: "Stages", width: 24, height: 8, unit: "none", words: outcomes, none: "no data", links: probeLink,
				about:   "The worst verdict of any run of the stage in each step, not yet confirmed. " + outcomeWords,
				queries: []query{{expr: worst("flow, stage", "probe_outcome", ofProbe), legend: "{{flow}} {{stage}}"}},
			}),
			windowTable("Windows", "observed|announced|planned"),
			row("Behind the verdict"),
			series(panel{
				title: "Failures by reason", width: 12, unit: "short", custom: bars, min: 0, decimals: 0, none: "no data",
				about:   "Scheduled runs that were not up, by reason: dns, connect, tls, timeout, status, content and so on. Each location counts.",
				queries: []query{{expr: counted("flow, stage, reason", "stage_failures_total", inStage), legend: "{{stage}} {{reason}}"}},
			}),
			series(panel{
				title: "Runs of which we could not tell", width: 12, runbook: "MynaprobeBlockedHere", unit: "short", custom: bars, min: 0, decimals: 0, none: "no data",
				about:   "Scheduled runs that say nothing of the flow, by reason: blocked (turned away), browser, network, overload, definition, internal.",
				queries: []query{{expr: counted("flow, stage, reason", "stage_unknown_total", inStage), legend: "{{stage}} {{reason}}"}},
			}),
			series(panel{
				title: "Slowest run", width: 12, unit: "s", min: 0, none: "no data",
				about:   "The longest run of each stage in each step, at any location.",
				queries: []query{{expr: worst("flow, stage", "probe_duration_seconds", ofProbe), legend: "{{stage}}"}},
			}),
			series(panel{
				title: "Duration: 99 of 100 runs are quicker", width: 12, unit: "s", min: 0, none: "no scheduled run in the step",
				about: "The 99th percentile of the scheduled runs of each stage, to the bounds of the histogram's buckets.",
				queries: []query{{
					expr:   `histogram_quantile(0.99, sum by (flow, stage, le) (rate(stage_run_duration_seconds_bucket{` + inStage + `}[$__rate_interval])))`,
					legend: "{{stage}}",
				}},
			}),
			series(panel{
				title: "Error budget burn rate", width: 12, runbook: "MynaprobeBudgetBurnFast", unit: "short", min: 0, none: "no objective is configured",
				levels: []level{{nil, "green", "the budget lasts for the whole period"}, {1, "orange", "spent too fast: a ticket"}, {6, "red", "pages, where it lasts for 6 hours"}, {14.4, "dark-red", "pages, where it lasts for 1 hour"}},
				about:  "How many times faster than allowed the error budget is spent, over the last hour, 6 hours and 3 days.",
				queries: []query{
					{expr: `flow:unavailability:ratio1h{flow=~"$flow"} / ` + objective, legend: "{{flow}} 1 h"},
					{expr: `flow:unavailability:ratio6h{flow=~"$flow"} / ` + objective, legend: "{{flow}} 6 h"},
					{expr: `flow:unavailability:ratio3d{flow=~"$flow"} / ` + objective, legend: "{{flow}} 3 d"},
				},
			}),
			timeline(panel{
				title: "Observed", width: 12, height: 8, unit: "none", words: []word{{0, "nobody knew", "purple"}, {1, "observed", "green"}}, none: "never observed",
				about:   "Whether some location had fresh knowledge of the flow all through the step. A moment without shows as nobody knew; a gap is time in which the rules did not run.",
				queries: []query{{expr: `min by (flow) (min_over_time(flow:known:bool{flow=~"$flow"}[$__interval]))`, legend: "{{flow}}"}},
			}),
		},
	}
}
