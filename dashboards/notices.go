package dashboards

func notices() dashboard {
	const what = "probe, announcement, state, location"
	return dashboard{
		uid: NoticesUID, title: "Notices",
		about: "What the operator announces now, what was revised, and what could not be read. Silence of the operator is no evidence of health.",
		panels: []panel{
			stat(panel{
				title: "Announced now", width: 8, unit: "none", words: []word{{0, "no", "text"}, {1, "yes", "orange"}}, none: "no data", runbook: "MynaprobeOutageAnnounced",
				about:   "Whether the operator's notices say that the flow is out (announced) or under maintenance (planned).",
				queries: []query{{expr: `max by (flow, source) (flow_outage_active{` + sources("announced|planned") + `})`, legend: "{{flow}} {{source}}"}},
			}),
			stat(panel{
				title: "Unreadable", width: 4, unit: "short", none: "no data", runbook: "MynaprobeNoticeUnreadable",
				levels:  []level{{nil, "green", "none"}, {1, "orange", "somebody must read them"}},
				about:   "Notices that speak of trouble or maintenance and of which no window could be read.",
				queries: []query{{expr: `max by (probe) (probe_notice_unparsed{` + ofProbe + `})`, legend: "{{probe}}"}},
			}),
			stat(panel{
				title: "Newest notice", width: 6, unit: "s", none: "no notice has a date",
				about:   "Age of the newest notice of each source.",
				queries: []query{{expr: `time() - max by (probe) (probe_notice_newest_timestamp_seconds{` + ofProbe + `})`, legend: "{{probe}}"}},
			}),
			stat(panel{
				title: "Last read", width: 6, unit: "s", none: "not read yet",
				about:   "How long ago each source was last read.",
				queries: []query{{expr: `time() - max by (probe) (probe_last_run_timestamp_seconds{` + ofProbe + `, kind="notice"})`, legend: "{{probe}}"}},
			}),
			table(panel{
				title: "Announcements", width: 24, height: 7, unit: "short", runbook: "MynaprobeOutageAnnounced", none: "nothing is announced",
				about: "Announcements that are believed and not over, by source, kind (outage, maintenance) and state. Start and end are those of the current window, else of the next one; an end that was not given is empty.",
				queries: []query{
					{expr: `max by (` + what + `) (probe_notice_active{` + ofProbe + `}) > 0`, form: "table"},
					{expr: `1000 * max by (` + what + `) (probe_notice_window_start_timestamp_seconds{` + ofProbe + `})`, form: "table"},
					{expr: `1000 * max by (` + what + `) (probe_notice_window_end_timestamp_seconds{` + ofProbe + `})`, form: "table"},
				},
			}, []column{
				{field: "probe", title: "Source"}, {field: "announcement", title: "Announces"}, {field: "state", title: "State"}, {field: "location", title: "Location"},
				{field: "Value #A", title: "Notices"}, {field: "Value #B", title: "Start", unit: "dateTimeAsIso"}, {field: "Value #C", title: "End", unit: "dateTimeAsIso", always: "not given"},
			}),
			timeline(panel{
				title: "Announced and observed", width: 24, unit: "none", words: []word{{0, "none", "transparent"}, {1, "window", "orange"}}, none: "no data", runbook: "MynaprobeOutageNotAnnounced",
				about:   "Whether a window of the flow was open at any moment of the step: what the operator says against what we saw.",
				queries: []query{{expr: worst("flow, source", "flow_outage_active", inFlow), legend: "{{flow}} {{source}}"}},
			}),
			timeline(panel{
				title: "Announcements by source", width: 24, unit: "none", words: []word{{0, "none", "transparent"}, {[2]any{1, nil}, "", "orange"}}, none: "no data",
				about:   "The most announcements that were believed at once in the step, by source, kind and state.",
				queries: []query{{expr: worst("probe, announcement, state", "probe_notice_active", ofProbe), legend: "{{probe}} {{announcement}} {{state}}"}},
			}),
			series(panel{
				title: "New, edited, withdrawn", width: 12, unit: "short", min: 0, decimals: 0, custom: bars, none: "no data",
				about:   "Notices that were new, edited in place (a revision) or withdrawn, as they were first seen.",
				queries: []query{{expr: counted("probe, change", "probe_notice_changes_total", ofProbe), legend: "{{probe}} {{change}}"}},
			}),
			series(panel{
				title: "Listed and unreadable", width: 12, unit: "short", min: 0, decimals: 0, none: "no data", runbook: "MynaprobeNoticeUnreadable",
				about: "How many notices each source listed (the fewest in the step: a list that is suddenly empty has often changed its layout), and how many could not be read.",
				queries: []query{
					{expr: `min by (probe) (min_over_time(probe_notice_items{` + ofProbe + `}[$__interval]))`, legend: "{{probe}} listed"},
					{expr: worst("probe", "probe_notice_unparsed", ofProbe), legend: "{{probe}} unreadable"},
				},
			}),
			timeline(panel{
				title: "Sources", width: 12, height: 8, unit: "none", words: outcomes, none: "no data",
				about:   "Whether the sources themselves could be read: the worst verdict in each step. " + outcomeWords,
				queries: []query{{expr: worst("probe", "probe_outcome", ofProbe+`, kind="notice"`), legend: "{{probe}}"}},
			}),
			timeline(panel{
				title: "Maintenance past its plan", width: 12, height: 8, unit: "none", words: []word{{0, "no", "transparent"}, {1, "overrun", "red"}}, none: "no data", runbook: "MynaprobeMaintenanceOverrun",
				about:   "Whether planned maintenance of the flow went on past its planned end.",
				queries: []query{{expr: worst("flow", "flow_maintenance_overrun", inFlow), legend: "{{flow}}"}},
			}),
			windowTable("Announced, planned and observed windows", "observed|announced|planned"),
		},
	}
}
