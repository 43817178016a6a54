package pipeline

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"mynaprobe/probes/metrics"
	"mynaprobe/probes/outage"
	"mynaprobe/probes/sqlite"
)

const (
	// StateFile is the name of the file, in the state directory, that windows live in.
	StateFile = "mynaprobe.db"
	// EvidenceFolder is the name of the folder there that evidence lives in.
	EvidenceFolder = "evidence"
)

const (
	// retention is how long windows, notices and coverage are kept.
	retention = 3 * 366 * 24 * time.Hour
	// storeTimeout bounds one write, so that a disk that hangs does not stop the results.
	storeTimeout = 10 * time.Second
	// flushEvery is how much of the state that need not be safe at once may be lost with the process.
	flushEvery = 10 * time.Second
)

// storeJournal keeps changes in the state file: windows and revisions before it returns, the rest soon.
type storeJournal struct {
	store   *sqlite.Store
	metrics *metrics.Metrics
	log     *slog.Logger
	refused atomic.Bool
	// pruned is told what was deleted: everything that ended before a moment.
	pruned func(before time.Time)
}

func (j *storeJournal) Keep(change outage.Change) {
	kept := sqlite.Change{Windows: change.Windows, Removed: change.Removed, Revisions: change.Revisions, States: change.States, Coverage: change.Coverage}
	if len(change.Windows)+len(change.Removed)+len(change.Revisions) == 0 {
		j.told(j.store.Defer(kept))
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	j.told(j.store.Apply(ctx, kept))
}

// told logs when the disk begins to refuse and when it takes again, not every time.
func (j *storeJournal) told(err error) {
	j.metrics.StoreWritable(j.store.Writable())
	switch refused := err != nil; {
	case refused && !j.refused.Swap(true):
		j.log.Error("windows cannot be written; they are kept in memory and exported all the same", "error", err)
	case !refused && j.store.Writable() && j.refused.Swap(false):
		j.log.Info("windows are written again")
	}
}

// prune deletes what ended before a moment, on disk and then in memory.
func (j *storeJournal) prune(ctx context.Context, before time.Time) {
	if err := j.store.Prune(ctx, before); err != nil {
		j.log.Warn("old windows could not be removed", "error", err)
		return
	}
	j.pruned(before)
}

// run writes what was deferred, and tries again what the disk refused, until ctx is done.
func (j *storeJournal) run(ctx context.Context) {
	flush := time.NewTicker(flushEvery)
	defer flush.Stop()
	prune := time.NewTicker(24 * time.Hour)
	defer prune.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-flush.C:
			notes, err := j.store.Retry(ctx)
			for _, note := range notes {
				j.log.Warn(note)
			}
			if ctx.Err() == nil {
				j.told(err)
			}
		case now := <-prune.C:
			j.prune(ctx, now.Add(-retention))
		}
	}
}
