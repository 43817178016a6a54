package pipeline

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"

	"mynaprobe/probes"
)

// A prepared probe can run.
type prepared struct {
	probe  probes.Probe
	runner probes.Runner
}

// A kit holds a prober for each kind.
type kit map[probes.Kind]probes.Prober

// prepare compiles a probe. What cannot be compiled still runs, and says each time why it cannot.
func (k kit) prepare(p probes.Probe, clock probes.Clock, location string) prepared {
	var runner probes.Runner
	var err error
	if prober, ok := k[p.Kind]; ok {
		runner, err = guardedPrepare(prober, p)
	} else {
		err = fmt.Errorf("no prober for kind %q", p.Kind)
	}
	if err != nil {
		message := err.Error()
		runner = probes.RunnerFunc(func(context.Context) probes.Result {
			return probes.Failed(p, clock.Now(), probes.ReasonDefinition, message)
		})
	}
	return prepared{probe: p, runner: guarded{runner, p, clock, location}}
}

// guarded is a runner whose panics become results, and whose results name their probe.
type guarded struct {
	probes.Runner
	probe    probes.Probe
	clock    probes.Clock
	location string
}

// Run implements probes.Runner.
func (g guarded) Run(ctx context.Context) (r probes.Result) {
	start := g.clock.Now()
	defer func() {
		if cause := recover(); cause != nil {
			r = probes.Failed(g.probe, start, probes.ReasonInternal, internalMessage(cause, debug.Stack()))
			r.Duration = probes.Seconds(g.clock.Now().Sub(start))
		}
		r.Probe, r.Flow, r.Stage, r.Kind, r.Location = g.probe.Name, g.probe.Flow, g.probe.Stage, g.probe.Kind, g.location
		r.Target, r.Host = g.probe.Target(), g.probe.Host()
	}()
	return g.Runner.Run(ctx)
}

func guardedPrepare(prober probes.Prober, p probes.Probe) (runner probes.Runner, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("preparing it panicked, which is a bug: %v", cause)
		}
	}()
	return prober.Prepare(p)
}

// internalMessage names the place of a panic, for the report of a bug.
func internalMessage(cause any, stack []byte) string {
	place := ""
	lines := strings.Split(string(stack), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "panic(") && i+3 < len(lines) {
			place = " at " + strings.TrimSpace(strings.SplitN(lines[i+3], " +0x", 2)[0])
		}
	}
	return fmt.Sprintf("a bug in the prober: panic: %v%s; please report it", cause, place)
}
