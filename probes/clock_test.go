package probes_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"mynaprobe/probes"
)

func TestVirtualClockSleepsUntilTheVirtualDeadline(t *testing.T) {
	start := time.Date(2025, 10, 30, 8, 50, 0, 0, time.UTC)
	clock := probes.NewVirtualClock(start)
	ctx, cancel := probes.WithTimeout(t.Context(), clock, 10*time.Second)
	defer cancel()
	if err := clock.Sleep(ctx, 4*time.Second); err != nil {
		t.Fatalf("within the deadline: %v", err)
	}
	if err := clock.Sleep(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("past the deadline: %v, want context.DeadlineExceeded", err)
	}
	if got := clock.Now().Sub(start); got != 10*time.Second {
		t.Errorf("the clock stands %v after the start, want 10s", got)
	}
	cancel()
	if err := clock.Sleep(ctx, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v, want context.Canceled", err)
	}
}

func TestTheEarlierVirtualDeadlineHolds(t *testing.T) {
	early := time.Unix(100, 0)
	for _, ctx := range []context.Context{
		probes.WithVirtualDeadline(probes.WithVirtualDeadline(t.Context(), early), early.Add(time.Second)),
		probes.WithVirtualDeadline(probes.WithVirtualDeadline(t.Context(), early.Add(time.Second)), early),
	} {
		if got, ok := probes.VirtualDeadline(ctx); !ok || !got.Equal(early) {
			t.Errorf("got %v, %v; want %v", got, ok, early)
		}
	}
	if _, ok := probes.VirtualDeadline(t.Context()); ok {
		t.Error("a context without one has a virtual deadline")
	}
}

func TestTimeoutOnTheSystemClockIsAnOrdinaryOne(t *testing.T) {
	ctx, cancel := probes.WithTimeout(t.Context(), probes.SystemClock{}, time.Hour)
	defer cancel()
	if _, ok := ctx.Deadline(); !ok {
		t.Error("no deadline")
	}
	if _, ok := probes.VirtualDeadline(ctx); ok {
		t.Error("a virtual deadline on the system clock")
	}
}
