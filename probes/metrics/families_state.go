package metrics

import (
	"cmp"
	"maps"
	"runtime"
	"slices"
	"strconv"

	dto "github.com/prometheus/client_model/go"

	"mynaprobe/probes"
)

// probeFamilies tell of a probe what does not age with its newest result.
func probeFamilies() []family {
	count := func(name, help string, value func(*probeLive) float64) family {
		return ofProbe(counter, name, help, func(v *probeView) (float64, bool) { return value(&v.live), true })
	}
	lastRun := ofProbe(gauge, "probe_last_run_timestamp_seconds", "When the last run started; absent before the first one.",
		func(v *probeView) (float64, bool) {
			if v.live.last == nil {
				return 0, false
			}
			return unixSeconds(v.live.last.Start)
		})
	lastRun.lastRun = true
	return []family{
		lastRun,
		{
			name: "probe_info", kind: gauge, labels: sorted(probeLabels, []string{"reference", "target"}),
			help: "1 for each probe, with the address it is configured for (without userinfo and query) and whether it is a reference.",
			collect: func(s *scrape) {
				for i := range s.probes {
					s.add(1, s.probes[i].state.info)
				}
			},
		},
		ofProbe(gauge, "probe_interval_seconds", "Time from the start of one scheduled run to the start of the next.",
			func(v *probeView) (float64, bool) { return v.state.probe.Every.Seconds(), true }),
		count("probe_runs_total", "Scheduled runs.", func(l *probeLive) float64 { return l.runs }),
		count("probe_failed_runs_total", "Scheduled runs that were down or in maintenance, those with probe_success 0.",
			func(l *probeLive) float64 { return l.failed }),
		count("probe_unknown_runs_total", "Scheduled runs of which the prober could not tell the outcome.",
			func(l *probeLive) float64 { return l.unknown }),
		count("probe_missed_runs_total", "Scheduled runs that never started.", func(l *probeLive) float64 { return l.missed }),
		count("probe_extra_runs_total", "Runs beside the schedule: confirmations, references in a suspicion, on demand.",
			func(l *probeLive) float64 { return l.extra }),
		ofProbe(gauge, "probe_outage_active", "1 while an observed outage window of the probe is open.",
			func(v *probeView) (float64, bool) { return number(v.live.outage.active), true }),
		ofProbe(gauge, "probe_outage_suspected", "1 while the probe fails and the failure is being confirmed.",
			func(v *probeView) (float64, bool) { return number(v.live.outage.suspected), true }),
		count("probe_outages_total", "Observed outage windows of the probe.", func(l *probeLive) float64 { return l.outage.outages }),
		count("probe_outage_seconds_total", "Time in observed outage windows of the probe, unobserved time left out.",
			func(l *probeLive) float64 { return l.outage.seconds }),
		ofProbe(gauge, "probe_outage_start_timestamp_seconds", "Start of the latest observed outage window: its first failed run; absent when there was none.",
			func(v *probeView) (float64, bool) { return startOf(v.live.outage.latest()) }),
		ofProbe(gauge, "probe_outage_end_timestamp_seconds", "End of the latest observed outage window: its first good run; absent while it is open.",
			func(v *probeView) (float64, bool) { return endOf(v.live.outage.latest()) }),
	}
}

func startOf(w probes.Window, ok bool) (float64, bool) {
	if !ok {
		return 0, false
	}
	return unixSeconds(w.Start)
}

func endOf(w probes.Window, ok bool) (float64, bool) {
	if !ok {
		return 0, false
	}
	return unixSecondsOf(w.End)
}

// announced are the kinds and states of an announcement that can be active; one that is resolved is not.
var (
	announcements     = []probes.AnnouncementKind{probes.AnnouncedMaintenance, probes.AnnouncedOutage}
	announcementPairs = pairs("announcement", announcements)
	noticeStates      = []probes.AnnouncementState{probes.Ongoing, probes.Scheduled}
	noticeStatePairs  = pairs("state", noticeStates)
	changePairs       = pairs("change", noticeChanges[:])
)

// noticeFamilies tell what a source of notices says.
func noticeFamilies() []family {
	return []family{
		ofNoticeState("probe_notice_active", "Announcements of the source that are believed and not over, by what they announce and how far along it is.",
			func(active []ActiveNotice) (float64, bool) { return float64(len(active)), true }),
		ofNoticeState("probe_notice_window_start_timestamp_seconds", "Start of the announced window that is current, else of the next one; absent when there is none.",
			func(active []ActiveNotice) (float64, bool) { return unixSecondsOf(currentOrNext(active).Start) }),
		ofNoticeState("probe_notice_window_end_timestamp_seconds", "End of the announced window that is current, else of the next one; absent when it was not given.",
			func(active []ActiveNotice) (float64, bool) { return unixSecondsOf(currentOrNext(active).End) }),
		ofReading("probe_notice_items", "Notices that the source listed when it was last read.",
			func(n *noticeLive) (float64, bool) { return float64(n.items), true }),
		ofReading("probe_notice_unparsed", "Notices of the source that speak of trouble or maintenance and of which no window could be read.",
			func(n *noticeLive) (float64, bool) { return float64(n.unparsed), true }),
		ofReading("probe_notice_newest_timestamp_seconds", "Date of the newest notice of the source; absent when none has a date.",
			func(n *noticeLive) (float64, bool) { return unixSeconds(n.newest) }),
		{
			name: "probe_notice_changes_total", kind: counter, labels: sorted(probeLabels, []string{"change"}),
			help: "Notices that were new, were edited in place, or were withdrawn.",
			collect: func(s *scrape) {
				for i := range s.probes {
					v := &s.probes[i]
					if v.live.notice == nil {
						continue
					}
					for j, n := range v.live.notice.changes {
						s.add(n, v.state.labels, changePairs[j])
					}
				}
			},
		},
	}
}

// ofNoticeState is a gauge by kind and state of announcement, over those that are not over at the moment of the scrape.
func ofNoticeState(name, help string, value func([]ActiveNotice) (float64, bool)) family {
	return family{name: name, help: help, kind: gauge, labels: sorted(probeLabels, []string{"announcement", "state"}), collect: func(s *scrape) {
		for i := range s.probes {
			v := &s.probes[i]
			if v.live.notice == nil || !v.live.notice.told {
				continue
			}
			for j, kind := range announcements {
				for k, state := range noticeStates {
					var active []ActiveNotice
					for _, a := range v.live.notice.active {
						if a.Kind == kind && a.State == state && (a.End == nil || s.now.Before(*a.End)) {
							active = append(active, a)
						}
					}
					if x, ok := value(active); ok {
						s.add(x, v.state.labels, announcementPairs[j], noticeStatePairs[k])
					}
				}
			}
		}
	}}
}

// currentOrNext picks, of windows that are not over, the one to begin first: the current one, else the next. One whose
// start was not given comes last, because it has nothing to show.
func currentOrNext(active []ActiveNotice) ActiveNotice {
	if len(active) == 0 {
		return ActiveNotice{}
	}
	return slices.MinFunc(active, func(a, b ActiveNotice) int {
		x, xGiven := unixSecondsOf(a.Start)
		y, yGiven := unixSecondsOf(b.Start)
		if xGiven != yGiven {
			if xGiven {
				return -1
			}
			return 1
		}
		return cmp.Compare(x, y)
	})
}

// ofReading is what the last reading of a source showed. An unchanged source is not read again, so it outlives a run.
func ofReading(name, help string, value func(*noticeLive) (float64, bool)) family {
	f := ofProbe(gauge, name, help, func(v *probeView) (float64, bool) {
		if v.live.notice == nil || !v.live.notice.read {
			return 0, false
		}
		return value(v.live.notice)
	})
	f.lastRun = true
	return f
}

var originPairs = pairs("origin", []string{originDeclared, originNotice})

var stageLabels = []string{"flow", "kind", "stage"}

// stageFamilies tell of a stage what single probes are too many for.
func stageFamilies() []family {
	byReason := func(name, help string, unknown bool) family {
		return family{name: name, help: help, kind: counter, labels: sorted(stageLabels, []string{"reason"}), collect: func(s *scrape) {
			for i := range s.stages {
				for j, n := range s.stages[i].reasons {
					if (reasons[j].Outcome() == probes.Unknown) == unknown {
						s.add(n, s.stages[i].state.labels, reasonPairs[j])
					}
				}
			}
		}}
	}
	partLabels := []string{"flow", "stage"}
	return []family{
		byReason("stage_failures_total", "Scheduled runs of the stage that were not up (down, maintenance or degraded), by reason.", false),
		byReason("stage_unknown_total", "Scheduled runs of the stage of which the prober could not tell the outcome, by reason.", true),
		{
			name: "stage_run_duration_seconds", kind: histogram, labels: stageLabels,
			help: "How long scheduled runs of the stage took, those that could not tell left out.",
			collect: func(s *scrape) {
				for i := range s.stages {
					s.addHistogram(s.stages[i].state.duration, s.stages[i].state.labels)
				}
			},
		},
		{
			name: "stage_outage_active", kind: gauge, labels: partLabels,
			help: "1 while the stage is out: an observed window of one of its probes is open, or of all where the definition asks for all.",
			collect: func(s *scrape) {
				for _, v := range s.parts {
					s.add(number(v.active), v.part.labels)
				}
			},
		},
		{
			name: "stage_maintenance_active", kind: gauge, labels: sorted(partLabels, []string{"origin"}),
			help: "1 while planned maintenance covers the whole stage, by who planned it: declared (a definition or a calendar) or notice.",
			collect: func(s *scrape) {
				for _, v := range s.parts {
					for _, origin := range originPairs {
						s.add(number(v.part.covered(v.planned, origin.GetValue(), s.now)), v.part.labels, origin)
					}
				}
			},
		},
		{
			name: "stage_info", kind: gauge, labels: sorted(partLabels, []string{"critical", "title"}),
			help: "1 for each stage of a flow, with its title and whether the flow is out when the stage is.",
			collect: func(s *scrape) {
				for _, v := range s.parts {
					s.add(1, v.part.info)
				}
			},
		},
	}
}

// proberFamilies tell of the prober itself.
func proberFamilies() []family {
	state := func(name, help string, value func(*scrape) (float64, bool)) family {
		return family{name: name, help: help, kind: gauge, collect: func(s *scrape) {
			if x, ok := value(s); ok {
				s.add(x, s.bare)
			}
		}}
	}
	total := func(name, help string, value func(*scrape) float64) family {
		return family{name: name, help: help, kind: counter, collect: func(s *scrape) { s.add(value(s), s.bare) }}
	}
	browser := func(value func(*BrowserStats) (float64, bool)) func(*scrape) (float64, bool) {
		return func(s *scrape) (float64, bool) {
			if s.browser == nil {
				return 0, false
			}
			return value(s.browser)
		}
	}
	return []family{
		{
			name: "prober_build_info", kind: gauge, labels: []string{"goversion", "revision", "version"},
			help: "1, with the version of the prober.",
			collect: func(s *scrape) {
				s.add(1, s.bare, pair("goversion", runtime.Version()), pair("revision", s.options.Revision), pair("version", s.options.Version))
			},
		},
		{
			name: "prober_probes", kind: gauge, labels: []string{"kind"}, help: "Probes that are configured, disabled ones left out.",
			collect: func(s *scrape) {
				for _, kind := range []probes.Kind{probes.KindBrowser, probes.KindHTTP, probes.KindNotice} {
					s.add(float64(s.prober.probesByKind[kind]), s.bare, pair("kind", string(kind)))
				}
			},
		},
		{
			name: "prober_schedule_lateness_seconds", kind: histogram, help: "By how much scheduled runs started later than they should have.",
			collect: func(s *scrape) { s.addHistogram(s.lateness, s.bare) },
		},
		{
			name: "prober_runs_missed_total", kind: counter, labels: []string{"reason"}, help: "Scheduled runs that never started, by reason.",
			collect: func(s *scrape) { s.addMap(s.prober.missed) },
		},
		{
			name: "prober_browser_slots", kind: gauge, labels: []string{"state"},
			help: "Slots for browser runs that are busy or free, and runs that wait for one.",
			collect: func(s *scrape) {
				if s.browser != nil {
					s.add(float64(s.browser.Busy), s.bare, pair("state", "busy"))
					s.add(float64(s.browser.Free), s.bare, pair("state", "free"))
					s.add(float64(s.browser.Waiting), s.bare, pair("state", "waiting"))
				}
			},
		},
		{
			name: "prober_browser_restarts_total", kind: counter, labels: []string{"reason"}, help: "How often the browser was replaced, by reason.",
			collect: func(s *scrape) {
				if s.browser != nil {
					restarts := map[string]float64{}
					for reason, n := range s.browser.Restarts {
						restarts[reason] = float64(n)
					}
					s.addMap(restarts)
				}
			},
		},
		state("prober_browser_sandboxed", "1 when the browser runs with its sandbox, 0 when it was told to do without.",
			browser(func(b *BrowserStats) (float64, bool) { return number(b.Sandboxed), true })),
		state("prober_browser_resident_memory_bytes", "Resident memory of the browser with its child processes; absent when it is not known.",
			browser(func(b *BrowserStats) (float64, bool) { return float64(b.MemoryBytes), b.MemoryBytes > 0 })),
		state("prober_blind", "1 while no reference probe is up, so that failures of others are taken for our own.",
			func(s *scrape) (float64, bool) { return number(s.prober.blind), true }),
		total("prober_blind_spells_total", "Spells in which no reference probe was up.", func(s *scrape) float64 { return s.prober.blindSpells }),
		state("prober_store_writable", "0 while windows cannot be written to disk, 1 otherwise.",
			func(s *scrape) (float64, bool) { return number(s.prober.storeWritable), true }),
		state("prober_config_last_reload_successful", "1 when the last load of the definitions went through.",
			func(s *scrape) (float64, bool) { return number(s.prober.reloadOK), true }),
		state("prober_config_last_reload_success_timestamp_seconds", "When definitions were last loaded with success; absent when they never were.",
			func(s *scrape) (float64, bool) { return unixSeconds(s.prober.reloadedAt) }),
	}
}

// addMap adds a series by reason, in the order of the reasons.
func (s *scrape) addMap(byReason map[string]float64) {
	for _, reason := range slices.Sorted(maps.Keys(byReason)) {
		s.add(byReason[reason], s.bare, pair("reason", reason))
	}
}

var slotPairs = func() []*dto.LabelPair {
	all := make([]*dto.LabelPair, probes.RecentWindows)
	for i := range all {
		all[i] = pair("slot", strconv.Itoa(i))
	}
	return all
}()
