package pipeline

import (
	"fmt"
	"testing"

	"mynaprobe/probes"
)

// manyFlows makes 1,000 flows of 10 probes, and two references.
func manyFlows() (set probes.Set) {
	for f := range 1000 {
		name := fmt.Sprint("flow-", f)
		set.Flows = append(set.Flows, probes.Flow{Name: name})
		set.Planned = append(set.Planned, probes.Planned{Name: name, Flow: name})
		for p := range 10 {
			set.Probes = append(set.Probes, probes.Probe{Name: fmt.Sprint(name, "-", p), Flow: name})
		}
	}
	set.Planned = append(set.Planned, probes.Planned{Name: "everything"})
	for _, name := range []string{"r1", "r2"} {
		set.Probes = append(set.Probes, probes.Probe{Name: name, Reference: true})
	}
	return set
}

func owners(t *testing.T, shards int) map[string]int {
	set, owner := manyFlows(), map[string]int{}
	for shard := range shards {
		part, err := Shard(set, shard, shards)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range part.Flows {
			if other, taken := owner[f.Name]; taken {
				t.Fatalf("%s runs on shards %d and %d", f.Name, other, shard)
			}
			owner[f.Name] = shard
		}
		references := 0
		for _, p := range part.Probes {
			if p.Reference {
				references++
			} else if owner[p.Flow] != shard {
				t.Fatalf("probe %s is not on the shard of its flow", p.Name)
			}
		}
		if references != 2 {
			t.Errorf("shard %d has %d of 2 references", shard, references)
		}
		if n := len(part.Flows); n < 1000/shards-40 || n > 1000/shards+40 {
			t.Errorf("shard %d of %d has %d of 1,000 flows", shard, shards, n)
		}
		if len(part.Probes) != 10*len(part.Flows)+2 || len(part.Planned) != len(part.Flows)+1 {
			t.Errorf("shard %d: %d flows, %d probes, %d planned", shard, len(part.Flows), len(part.Probes), len(part.Planned))
		}
	}
	if len(owner) != 1000 {
		t.Errorf("%d of 1,000 flows run", len(owner))
	}
	return owner
}

func TestShardsGrow(t *testing.T) {
	ten, eleven := owners(t, 10), owners(t, 11)
	moved := 0
	for flow, shard := range eleven {
		if ten[flow] != shard {
			moved++
			if shard != 10 {
				t.Errorf("%s moved from shard %d to %d, though only the eleventh is new", flow, ten[flow], shard)
			}
		}
	}
	if moved < 60 || moved > 125 {
		t.Errorf("an eleventh shard moved %d of 1,000 flows, want about 91", moved)
	}
}

func TestShardOutOfRange(t *testing.T) {
	if _, err := Shard(manyFlows(), 3, 3); err == nil || err.Error() != "there is no shard 3 of 3: they are counted from 0" {
		t.Errorf("error %v", err)
	}
	set, err := Shard(manyFlows(), 0, 1)
	if err != nil || len(set.Probes) != 10_002 {
		t.Errorf("one shard runs %d probes, %v", len(set.Probes), err)
	}
}
