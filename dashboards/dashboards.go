// Package dashboards builds the Grafana dashboards that ship: Flow overview, Probe detail, Notices and Prober health.
// The JSON files beside it are what is provisioned; "go generate" writes them from here, and no query logic lives elsewhere.
package dashboards

import (
	"bytes"
	"encoding/json"
)

//go:generate go run ./generate

// The uids of the dashboards, which links, alerts and bookmarks rely on.
const (
	FlowUID    = "mynaprobe-flow"
	ProbeUID   = "mynaprobe-probe"
	NoticesUID = "mynaprobe-notices"
	ProberUID  = "mynaprobe-prober"
)

// Files returns the dashboards as JSON, by file name.
func Files() (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, d := range []dashboard{flowOverview(), probeDetail(), notices(), proberHealth()} {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.SetIndent("", " ")
		if err := e.Encode(d.json()); err != nil {
			return nil, err
		}
		files[d.uid+".json"] = b.Bytes()
	}
	return files, nil
}
