package httpprobe

import (
	"sync"
	"time"

	"mynaprobe/probes"
)

// A meter times the phases of one attempt. It is locked because net/http reports from its own goroutines, some of
// them after the attempt was cut off.
type meter struct {
	clock probes.Clock

	mu     sync.Mutex
	phases probes.Phases
	phase  probes.Phase
	since  time.Time
	// inUse: a connection was found, so that one which is still being made matters no more.
	inUse bool
}

// enter ends the phase that is running and begins another; the empty phase only ends.
func (m *meter) enter(phase probes.Phase) {
	now := m.clock.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.end(now)
	m.phase, m.since = phase, now
}

// enterDial enters a phase of making a connection, unless the request is under way already on another one.
func (m *meter) enterDial(phase probes.Phase) {
	now := m.clock.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.inUse {
		m.end(now)
		m.phase, m.since = phase, now
	}
}

// connected begins the processing.
func (m *meter) connected() {
	m.enter(probes.PhaseProcessing)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.inUse = true
}

// unconnected begins with a further request, which needs a connection of its own.
func (m *meter) unconnected() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.inUse = false
}

func (m *meter) end(now time.Time) {
	took := probes.Seconds(now.Sub(m.since))
	switch m.phase {
	case probes.PhaseResolve:
		m.phases.Resolve += took
	case probes.PhaseConnect:
		m.phases.Connect += took
	case probes.PhaseTLS:
		m.phases.TLS += took
	case probes.PhaseProcessing:
		m.phases.Processing += took
	case probes.PhaseTransfer:
		m.phases.Transfer += took
	}
}

// stop ends the measuring and returns the phase that was running, with its time so far.
func (m *meter) stop() (phases probes.Phases, running probes.Phase, took time.Duration) {
	now := m.clock.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.end(now)
	if m.phase != "" {
		running, took = m.phase, now.Sub(m.since)
	}
	m.phase = ""
	return m.phases, running, took
}
