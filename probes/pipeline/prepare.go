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
	// err is why it cannot; its runs then are unknown, with the reason definition.
	err error
}

// A kit holds a prober for each kind.
type kit map[probes.Kind]probes.Prober

// prepare compiles a probe. What cannot be compiled still runs, and says each time why it cannot.
func (k kit) prepare(p probes.Probe, clock probes.Clock, location string) prepared {
	out := prepared{probe: p}
	prober, ok := k[p.Kind]
	if !ok {
		out.err = fmt.Errorf("no prober for kind %q", p.Kind)
	} else {
		out.runner, out.err = guardedPrepare(prober, p)
	}
	run := func(ctx context.Context) probes.Result { return out.runner.Run(ctx) }
	if out.err != nil {
		message := out.err.Error()
		run = func(context.Context) probes.Result {
			return probes.Failed(p, clock.Now(), probes.ReasonDefinition, message)
		}
	}
	inner := run
	out.runner = probes.RunnerFunc(func(ctx context.Context) (r probes.Result) {
		start := clock.Now()
		defer func() {
			if cause := recover(); cause != nil {
				r = probes.Failed(p, start, probes.ReasonInternal, internalMessage(cause, debug.Stack()))
				r.Duration = probes.Seconds(clock.Now().Sub(start))
			}
			r.Probe, r.Flow, r.Stage, r.Kind, r.Location = p.Name, p.Flow, p.Stage, p.Kind, location
			r.Target, r.Host = p.Target(), p.Host()
			if r.Start.IsZero() {
				r.Start = start
			}
		}()
		return inner(ctx)
	})
	return out
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
