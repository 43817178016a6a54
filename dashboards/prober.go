package dashboards

func proberHealth() dashboard {
	yes := func(good string, bad string) []word { return []word{{0, bad, "red"}, {1, good, "green"}} }
	const one = "instance, location"
	return dashboard{
		uid: ProberUID, title: "Prober health", perInstance: true,
		about: "Can we trust what the prober says? Lateness, missed runs, browser slots and restarts, its own memory, blind spells.",
		panels: []panel{
			stat(panel{
				title: "Blind", width: 5, unit: "none", words: []word{{0, "no", "green"}, {1, "blind", "red"}}, none: "no data: is it scraped?", runbook: "MynaprobeProberBlind",
				about:   "Blind: no reference probe is up, so failures of others are taken for our own.",
				queries: []query{{expr: `max by (` + one + `) (prober_blind{` + here + `})`, legend: "{{instance}} {{location}}"}},
			}),
			stat(panel{
				title: "Store", width: 5, unit: "none", words: yes("writable", "cannot be written"), none: "no data: is it scraped?", runbook: "MynaprobeStoreNotWritable",
				about:   "Whether windows can be written to disk.",
				queries: []query{{expr: `min by (` + one + `) (prober_store_writable{` + here + `})`, legend: "{{instance}} {{location}}"}},
			}),
			stat(panel{
				title: "Definitions", width: 5, unit: "none", words: yes("loaded", "last reload failed"), none: "no data: is it scraped?", runbook: "MynaprobeReloadFailed",
				about:   "Whether the last load of the definitions went through. After a failure the old ones stay in force.",
				queries: []query{{expr: `min by (` + one + `) (prober_config_last_reload_successful{` + here + `})`, legend: "{{instance}} {{location}}"}},
			}),
			stat(panel{
				title: "Definitions loaded", width: 4, unit: "s", none: "never",
				about:   "How long ago definitions were last loaded with success.",
				queries: []query{{expr: `time() - max by (` + one + `) (prober_config_last_reload_success_timestamp_seconds{` + here + `})`, legend: "{{instance}} {{location}}"}},
			}),
			stat(panel{
				title: "Browser sandbox", width: 5, unit: "none", words: yes("on", "off"), none: "no browser was needed",
				about:   "Whether Chrome runs with its sandbox.",
				queries: []query{{expr: `min by (` + one + `) (prober_browser_sandboxed{` + here + `})`, legend: "{{instance}} {{location}}"}},
			}),
			timeline(panel{
				title: "Scraped", width: 12, unit: "none", words: []word{{0, "absent", "red"}, {1, "scraped", "green"}}, none: "no data", runbook: "MynaprobeProberAbsent",
				about:   "Whether Prometheus could read the prober all through the step. While it could not, nothing is known through this prober.",
				queries: []query{{expr: `min by (instance) (min_over_time(up{job=~"$job", instance=~"$instance"}[$__interval]))`, legend: "{{instance}}"}},
			}),
			timeline(panel{
				title: "Blind spells", width: 12, unit: "none", words: []word{{0, "sees", "green"}, {1, "blind", "red"}}, none: "no data", runbook: "MynaprobeProberBlind",
				about:   "Whether the prober was blind at any moment of the step.",
				queries: []query{{expr: worst(one, "prober_blind", here), legend: "{{instance}} {{location}}"}},
			}),
			series(panel{
				title: "Lateness of runs", width: 12, unit: "s", min: 0, none: "no scheduled run in the step", runbook: "MynaprobeScheduleLate",
				levels: []level{{nil, "green", "on time"}, {1, "orange", "a busy machine"}, {5, "red", "measurements cannot be trusted"}},
				about:  "By how much scheduled runs started later than they should have: half of them and 99 of 100 of them were less late than this.",
				queries: []query{
					{expr: `histogram_quantile(0.99, sum by (` + one + `, le) (rate(prober_schedule_lateness_seconds_bucket{` + here + `}[$__rate_interval])))`, legend: "{{instance}} {{location}} 99 %"},
					{expr: `histogram_quantile(0.5, sum by (` + one + `, le) (rate(prober_schedule_lateness_seconds_bucket{` + here + `}[$__rate_interval])))`, legend: "{{instance}} {{location}} half"},
				},
			}),
			series(panel{
				title: "Missed runs", width: 12, unit: "short", min: 0, decimals: 0, custom: bars, none: "no data", runbook: "MynaprobeScheduleLate",
				about: "Scheduled runs that never started. running: the run before was still under way; host: the host's turn did not come; overload: no slot of our own was free; " +
					"late: the process did not get to it; backoff: the target wants to be left alone.",
				queries: []query{{expr: `sum by (` + one + `, reason) (increase(prober_runs_missed_total{` + here + `}[$__rate_interval]))`, legend: "{{instance}} {{reason}}"}},
			}),
			series(panel{
				title: "Runs", width: 12, unit: "short", min: 0, decimals: 0, custom: bars, none: "no data",
				about: "Runs on schedule by flow, and those of which we could not tell.",
				queries: []query{
					{expr: `sum by (instance, flow) (increase(probe_runs_total{` + ofProbe + `, job=~"$job", instance=~"$instance"}[$__rate_interval]))`, legend: "{{instance}} {{flow}}"},
					{expr: `sum by (instance, flow) (increase(probe_unknown_runs_total{` + ofProbe + `, job=~"$job", instance=~"$instance"}[$__rate_interval]))`, legend: "{{instance}} {{flow}} could not tell"},
				},
			}),
			series(panel{
				title: "Oldest result", width: 12, unit: "short", min: 0, none: "no data",
				levels: []level{{nil, "green", "as planned"}, {2, "red", "a verdict this old counts as unknown"}},
				about:  "Age of the oldest result, in intervals of its probe.",
				queries: []query{{
					expr: `max by (instance) ((time() - probe_last_run_timestamp_seconds{` + ofProbe + `, job=~"$job", instance=~"$instance"})` +
						` / probe_interval_seconds{` + ofProbe + `, job=~"$job", instance=~"$instance"})`,
					legend: "{{instance}}",
				}},
			}),
			row("Browser"),
			series(panel{
				title: "Browser slots", width: 8, unit: "short", min: 0, decimals: 0, none: "no data", runbook: "MynaprobeBrowserFailing",
				about:   "Slots that were busy, free, and runs that waited for one: the most in each step.",
				queries: []query{{expr: worst(one+", state", "prober_browser_slots", here), legend: "{{instance}} {{state}}"}},
			}),
			series(panel{
				title: "Browser restarts", width: 8, unit: "short", min: 0, decimals: 0, custom: bars, none: "none yet", runbook: "MynaprobeBrowserFailing",
				about:   "How often Chrome was replaced, by reason.",
				queries: []query{{expr: `sum by (` + one + `, reason) (increase(prober_browser_restarts_total{` + here + `}[$__rate_interval]))`, legend: "{{instance}} {{reason}}"}},
			}),
			series(panel{
				title: "Browser memory", width: 8, unit: "bytes", min: 0, none: "no browser was needed",
				about:   "Resident memory of Chrome with its child processes: the most in each step.",
				queries: []query{{expr: worst(one, "prober_browser_resident_memory_bytes", here), legend: "{{instance}} {{location}}"}},
			}),
			row("The process"),
			series(panel{
				title: "Memory", width: 8, unit: "bytes", min: 0, none: "no data",
				about: "Resident memory of the prober without Chrome, and the part of it that Go's heap has in use: the most in each step.",
				queries: []query{
					{expr: worst(one, "process_resident_memory_bytes", here), legend: "{{instance}} {{location}}"},
					{expr: worst(one, "go_memstats_heap_inuse_bytes", here), legend: "{{instance}} {{location}} heap"},
				},
			}),
			series(panel{
				title: "CPU", width: 8, unit: "percentunit", min: 0, none: "no data",
				about:   "Processor time, of one core, without Chrome's.",
				queries: []query{{expr: `sum by (` + one + `) (rate(process_cpu_seconds_total{` + here + `}[$__rate_interval]))`, legend: "{{instance}} {{location}}"}},
			}),
			series(panel{
				title: "Goroutines and descriptors", width: 8, unit: "short", min: 0, decimals: 0, none: "no data",
				about: "What leaks, if something leaks: the most in each step.",
				queries: []query{
					{expr: worst(one, "go_goroutines", here), legend: "{{instance}} goroutines"},
					{expr: worst(one, "process_open_fds", here), legend: "{{instance}} open descriptors"},
				},
			}),
			table(panel{
				title: "Probers", width: 24, height: 6, unit: "short", none: "no prober is scraped",
				about: "Which versions run where, since when, and with how many probes.",
				queries: []query{
					{expr: `max by (` + one + `, version, goversion) (prober_build_info{` + here + `})`, form: "table"},
					{expr: `sum by (` + one + `) (prober_probes{` + here + `})`, form: "table"},
					{expr: `1000 * max by (` + one + `) (process_start_time_seconds{` + here + `})`, form: "table"},
				},
			}, []column{
				{field: "instance", title: "Prober"}, {field: "location", title: "Location"}, {field: "version", title: "Version"}, {field: "goversion", title: "Go"},
				{field: "Value #A"}, {field: "Value #B", title: "Probes"}, {field: "Value #C", title: "Started", unit: "dateTimeAsIso"},
			}),
		},
	}
}
