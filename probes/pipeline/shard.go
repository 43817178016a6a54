package pipeline

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"mynaprobe/probes"
)

// Shard returns the part of the set that shard number shard (from 0) of shards runs: whole flows, because a flow's
// windows need all of its stages, and every reference probe. Each flow is on exactly one shard, and one more shard
// takes about its share of flows and moves no other.
func Shard(set probes.Set, shard, shards int) (probes.Set, error) {
	if shards <= 1 {
		return set, nil
	}
	if shard < 0 || shard >= shards {
		return set, fmt.Errorf("there is no shard %d of %d: they are counted from 0", shard, shards)
	}
	out := set
	out.Flows, out.Probes = nil, nil
	mine := func(flow string) bool { return shardOf(flow, shards) == shard }
	for _, f := range set.Flows {
		if mine(f.Name) {
			out.Flows = append(out.Flows, f)
		}
	}
	for _, p := range set.Probes {
		if p.Reference || mine(p.Flow) {
			out.Probes = append(out.Probes, p)
		}
	}
	out.Planned = slices.DeleteFunc(slices.Clone(set.Planned), func(p probes.Planned) bool { return p.Flow != "" && !mine(p.Flow) })
	return out, nil
}

// shardOf is rendezvous hashing: the shard for which the hash of both is highest.
func shardOf(flow string, shards int) int {
	best, highest := 0, uint64(0)
	for shard := range shards {
		sum := sha256.Sum256(fmt.Appendf(nil, "%d/%s", shard, flow))
		if weight := binary.BigEndian.Uint64(sum[:]); weight > highest {
			best, highest = shard, weight
		}
	}
	return best
}
