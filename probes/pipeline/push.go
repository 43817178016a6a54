package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"net/http"

	"mynaprobe/probes"
	"mynaprobe/probes/metrics"
)

// PrometheusText is the Prometheus text format of the results of a one-shot run.
func PrometheusText(results []probes.Result) ([]byte, error) { return metrics.OneShot(results) }

// Push replaces the metrics of a group on a Pushgateway with those of the results. The address is the group's, such as
// http://host:9091/metrics/job/mynaprobe (https://github.com/prometheus/pushgateway#put-method).
func Push(ctx context.Context, address string, results []probes.Result) error {
	text, err := PrometheusText(results)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, address, bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("the Pushgateway's address: %w", err)
	}
	request.Header.Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	return send(request, "the Pushgateway")
}
