package metrics

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/zstd"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"mynaprobe/probes"
)

// Gather implements prometheus.Gatherer: every family that has a series now, sorted by name. The families are the
// caller's. It builds them all at once; Handler, which does not, is the way for many probes.
func (m *Metrics) Gather() ([]*dto.MetricFamily, error) {
	var gathered []*dto.MetricFamily
	err := m.each(&scratch{keep: true}, func(f *dto.MetricFamily) error {
		gathered = append(gathered, f)
		return nil
	})
	return gathered, err
}

// each yields the families one after the other, sorted by name. With memory that is not kept, a family is good until
// the next one.
func (m *Metrics) each(out *scratch, yield func(*dto.MetricFamily) error) error {
	ofProcess, err := m.own.Gather()
	if err != nil {
		return fmt.Errorf("gather the metrics of the process: %w", err)
	}
	s := m.view(out)
	for _, f := range families {
		for len(ofProcess) > 0 && ofProcess[0].GetName() < f.name {
			if err := yield(ofProcess[0]); err != nil {
				return err
			}
			ofProcess = ofProcess[1:]
		}
		if err := s.yield(f, yield); err != nil {
			return err
		}
		runtime.Gosched() // a family of 10,000 probes takes milliseconds, and runs must not wait for all of them
	}
	for _, f := range ofProcess {
		if err := yield(f); err != nil {
			return err
		}
	}
	return nil
}

// yield hands on a family unless it has no series.
func (s *scrape) yield(f family, yield func(*dto.MetricFamily) error) error {
	s.out.begin(f.kind)
	f.collect(s)
	metrics := s.out.family()
	if len(metrics) == 0 {
		return nil
	}
	d := &dto.MetricFamily{Name: &f.name, Help: &f.help, Type: f.kind.Enum(), Metric: metrics}
	if unit := f.unit(); unit != "" {
		d.Unit = &unit
	}
	return yield(d)
}

// maxScrapes is how many scrapes are answered at once; each needs memory for its largest family.
const maxScrapes = 4

// Handler answers a scrape in the format that is asked for (text, OpenMetrics, or protobuf, which alone carries native
// histograms), compressed with zstd or gzip where the client takes it.
func (m *Metrics) Handler() http.Handler {
	compress, err := gzhttp.NewWrapper(gzhttp.EnableZstd(true), gzhttp.PreferZstd(true),
		gzhttp.ZstdCompressionLevel(int(zstd.SpeedFastest)), gzhttp.CompressionLevel(1), gzhttp.ContentTypeFilter(gzhttp.CompressAllContentTypeFilter))
	if err != nil {
		panic(err) // the options above are constants
	}
	slots := make(chan struct{}, maxScrapes)
	return compress(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
		default:
			http.Error(w, "too many scrapes at once; try again later", http.StatusServiceUnavailable)
			return
		}
		m.write(w, expfmt.NegotiateAccept(r.Header, expfmt.DefaultOpenMetricsAcceptedFormats()...))
	}))
}

// write writes all families. When that fails the answer is cut off, so that nobody takes a part for the whole.
func (m *Metrics) write(w http.ResponseWriter, format expfmt.Format) {
	out := m.scratch.Get().(*scratch)
	defer m.scratch.Put(out)
	w.Header().Set("Content-Type", string(format))
	encoder := expfmt.NewEncoder(w, format)
	err := m.each(out, encoder.Encode)
	if closer, ok := encoder.(expfmt.Closer); ok && err == nil {
		err = closer.Close()
	}
	if err != nil {
		panic(http.ErrAbortHandler)
	}
}

// OneShot is the text format of what single results say, as `probe run -o prometheus` prints it and a Pushgateway takes
// it. Counters and windows are left out: one run has none. Of two results of one probe the later one in the list counts.
func OneShot(results []probes.Result) ([]byte, error) {
	var text strings.Builder
	encoder := expfmt.NewEncoder(&text, expfmt.NewFormat(expfmt.TypeTextPlain))
	s := oneShot(results)
	for _, f := range families {
		if !f.lastRun {
			continue
		}
		if err := s.yield(f, encoder.Encode); err != nil {
			return nil, fmt.Errorf("write %s: %w", f.name, err)
		}
	}
	return []byte(text.String()), nil
}

func oneShot(results []probes.Result) *scrape {
	s := &scrape{out: &scratch{}}
	byName := map[string]*probeView{}
	for i := range results {
		r := &results[i]
		var location []*dto.LabelPair
		if r.Location != "" {
			location = append(location, pair("location", r.Location))
		}
		state := &probeState{labels: merge(location, pair("flow", r.Flow), pair("kind", string(r.Kind)),
			pair("probe", r.Probe), pair("stage", r.Stage))}
		view := &probeView{state: state, run: r}
		view.live.last = r
		if r.HTTP != nil {
			view.live.tls = r.HTTP.TLS
		}
		if r.Notice != nil && !r.Notice.NotModified && r.Outcome.Good() {
			view.live.notice = view.live.notice.reading(r.Notice.Items)
		}
		byName[r.Probe] = view
	}
	for _, view := range inOrder(byName) {
		s.probes = append(s.probes, *view)
	}
	return s
}
