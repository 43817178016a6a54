package probes

import (
	"context"
	"encoding/json"
	"sync"
	"time"
)

// A Clock tells the time and waits. Probers and the pipeline get theirs from outside, so that a replay can run days in
// seconds; observers need none, because they take time from results.
type Clock interface {
	Now() time.Time
	// Sleep returns nil after d, or ctx's error if that comes first.
	Sleep(ctx context.Context, d time.Duration) error
}

// SystemClock is the Clock of the machine.
type SystemClock struct{}

// Now returns the current time with its monotonic reading.
func (SystemClock) Now() time.Time { return time.Now() }

// Sleep implements Clock.
func (SystemClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// VirtualClock is a Clock that stands still until somebody moves it: for replays and tests. It may be used from several
// goroutines.
type VirtualClock struct {
	mu  sync.Mutex
	now time.Time
}

// NewVirtualClock returns a clock that shows start.
func NewVirtualClock(start time.Time) *VirtualClock { return &VirtualClock{now: start} }

// Now implements Clock.
func (c *VirtualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set moves the clock to t, backwards too.
func (c *VirtualClock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// Advance moves the clock on by d.
func (c *VirtualClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Sleep implements Clock: it moves the clock on by d and returns at once. Where ctx has a virtual deadline before that,
// the clock stops at the deadline, and the error is context.DeadlineExceeded.
func (c *VirtualClock) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	wake := c.now.Add(max(d, 0))
	if deadline, ok := VirtualDeadline(ctx); ok && deadline.Before(wake) {
		if deadline.After(c.now) {
			c.now = deadline
		}
		return context.DeadlineExceeded
	}
	c.now = wake
	return nil
}

// WithTimeout is context.WithTimeout by the given clock: on a VirtualClock ctx gets a virtual deadline, which no timer
// watches and which whoever moves the clock has to respect; on any other clock it gets an ordinary one. Probers use it
// for every timeout of a run, so that a replay times out at the right virtual moment.
func WithTimeout(ctx context.Context, clock Clock, d time.Duration) (context.Context, context.CancelFunc) {
	if virtual, ok := clock.(*VirtualClock); ok {
		return context.WithCancel(WithVirtualDeadline(ctx, virtual.Now().Add(d)))
	}
	return context.WithTimeout(ctx, d)
}

type virtualDeadlineKey struct{}

// WithVirtualDeadline gives ctx a deadline in virtual time; an earlier one that it has already stays.
func WithVirtualDeadline(ctx context.Context, t time.Time) context.Context {
	if earlier, ok := VirtualDeadline(ctx); ok && !t.Before(earlier) {
		return ctx
	}
	return context.WithValue(ctx, virtualDeadlineKey{}, t)
}

// VirtualDeadline returns the deadline that WithVirtualDeadline gave ctx, and false when there is none.
func VirtualDeadline(ctx context.Context) (time.Time, bool) {
	t, ok := ctx.Value(virtualDeadlineKey{}).(time.Time)
	return t, ok
}

// Seconds is a duration that JSON shows as a number of seconds.
type Seconds time.Duration

// MarshalJSON implements json.Marshaler.
func (s Seconds) MarshalJSON() ([]byte, error) {
	return json.Marshal(time.Duration(s).Seconds())
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *Seconds) UnmarshalJSON(data []byte) error {
	var seconds float64
	if err := json.Unmarshal(data, &seconds); err != nil {
		return err
	}
	*s = Seconds(seconds * float64(time.Second))
	return nil
}

// Duration returns s as a time.Duration.
func (s Seconds) Duration() time.Duration { return time.Duration(s) }
