package probes

import "time"

// RecentWindows is how many of the latest windows of a flow are exported by slot.
const RecentWindows = 20

// An OutageStatus is where a probe or a flow stands with its windows of one source, for those who export it.
type OutageStatus struct {
	Scope  WindowScope
	Source WindowSource
	// Name is the probe's or the flow's; Flow and Stage are those of a probe.
	Name, Flow, Stage string
	// Active: a window is open. Suspected: it may be about to. Flapping: it keeps coming and going.
	Active, Suspected, Flapping bool
	// Outages counts the windows ever opened, Seconds the observed time in them; neither ever falls.
	Outages uint64
	Seconds float64
	// Recent are the latest windows, oldest first: one for a probe, up to RecentWindows for a flow.
	Recent []SlottedWindow
}

// A SlottedWindow is a window with the slot, from 0 to RecentWindows-1, that it keeps for as long as it is among the
// latest.
type SlottedWindow struct {
	Slot   int
	Window Window
}

// A RunRequest asks the schedule for a run besides the scheduled ones.
type RunRequest struct {
	Probe   string
	At      time.Time
	Trigger Trigger
}

// Coverage is how the time of one hour was spent, as far as a probe (or a flow) was looked at.
type Coverage struct {
	Scope WindowScope `json:"scope"`
	Name  string      `json:"name"`
	// Hour is the start of the hour, in UTC.
	Hour        time.Time `json:"hour"`
	Up          Seconds   `json:"up_seconds"`
	Degraded    Seconds   `json:"degraded_seconds"`
	Maintenance Seconds   `json:"maintenance_seconds"`
	Down        Seconds   `json:"down_seconds"`
	// Unknown is time in which runs happened and could not tell; the rest of the hour was not observed at all.
	Unknown Seconds `json:"unknown_seconds"`
}
