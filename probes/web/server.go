package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	toolkit "github.com/prometheus/exporter-toolkit/web"
	"golang.org/x/sync/errgroup"

	"mynaprobe/probes"
)

// Source is what the server shows. Its methods may be called at any time from any goroutine.
type Source interface {
	// Set returns the definitions in force.
	Set() probes.Set
	// Last returns the newest result of a probe and its newest one that was not up (nil where there is none), both final.
	Last(probe string) (last, trouble *probes.Result)
	// Trouble returns the latest results of all probes that were not up, oldest first; how many is bounded.
	Trouble() []probes.Result
	// FlowOutcome tells where a flow stands at a moment.
	FlowOutcome(flow string, now time.Time) probes.Outcome
	// Windows returns the windows that the filter picks, in the order of their start.
	Windows(ctx context.Context, f probes.WindowFilter) ([]probes.Window, error)
	// Revisions returns what was seen of notices, oldest first; of a filter only Probe, Since and Until count.
	Revisions(ctx context.Context, f probes.WindowFilter) ([]probes.NoticeRevision, error)
	// Calendar returns the windows of the filter as an iCalendar.
	Calendar(ctx context.Context, f probes.WindowFilter) ([]byte, error)
	// RunNow runs a probe on demand, or returns its last result where a run is not allowed now; false for a name that no
	// enabled probe has, and for a probe without any result.
	RunNow(ctx context.Context, probe string) (probes.Result, bool)
	// Mark corrects a window, of which the ID may be cut short; its error says why that cannot be.
	Mark(ctx context.Context, id string, mark probes.Mark) error
	// Reload reads the definitions again; its error says why the old ones stay in force.
	Reload() error
	// Ready is nil once old windows are restored and the schedule runs; its error says what is missing.
	Ready() error
}

// Options are what a server needs.
type Options struct {
	Source Source
	// Metrics answers /metrics.
	Metrics http.Handler
	// OneShot writes the result of a run on demand in Prometheus' text format.
	OneShot func([]probes.Result) ([]byte, error)
	// EvidenceDir is the folder below which evidence is kept; empty when none is.
	EvidenceDir string
	// Version is the build's, Location where this prober runs; both are shown.
	Version, Location string
	// TimeZone is the one in which pages show times; the machine's when nil.
	TimeZone *time.Location
	// Log is told of requests that could not be answered; nil for nobody.
	Log *slog.Logger
	// Now is the time; time.Now when nil.
	Now func() time.Time
}

// Server answers HTTP requests about the prober.
type Server struct {
	options Options
	handler http.Handler
	demand  demand
}

// New returns a server that listens nowhere yet.
func New(options Options) *Server {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.TimeZone == nil {
		options.TimeZone = time.Local
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{options: options}
	s.handler = s.routes()
	return s
}

// Handler is the server without a listener.
func (s *Server) Handler() http.Handler { return s.handler }

// DefaultAddress is where the server listens unless it is told otherwise: only this machine can reach it.
const DefaultAddress = "127.0.0.1:9815"

// ServeOptions say where to listen.
type ServeOptions struct {
	// Listen are TCP addresses; DefaultAddress when empty.
	Listen []string
	// ConfigFile is a web configuration file of the Prometheus exporter toolkit, for TLS and basic auth; empty for neither.
	// https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
	ConfigFile string
	// Listening is told each address once it accepts connections; may be nil.
	Listening func(address string)
}

// Bounds of a connection. A scrape of 10,000 probes over a slow line is the longest answer; a run on demand gets more
// time of its own.
const (
	headerTimeout   = 5 * time.Second
	readTimeout     = 10 * time.Second
	writeTimeout    = time.Minute
	idleTimeout     = 2 * time.Minute
	maxHeaderBytes  = 64 << 10
	shutdownTimeout = 5 * time.Second
)

// Serve listens and answers until ctx is done, then lets requests under way end for a few seconds. It returns nil after
// that, and otherwise why an address, or the web configuration, could not be used.
func (s *Server) Serve(ctx context.Context, options ServeOptions) error {
	if err := toolkit.Validate(options.ConfigFile); err != nil {
		return fmt.Errorf("web configuration file %s: %w", options.ConfigFile, err)
	}
	listeners, err := listen(options.Listen)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	// Runs on demand outlive the request that began them, because others may wait for the same run; not the server.
	base := context.WithValue(context.Background(), lifetime{}, ctx)
	for _, listener := range listeners {
		server := &http.Server{
			Handler:           s.handler,
			ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
			MaxHeaderBytes: maxHeaderBytes,
			BaseContext:    func(net.Listener) context.Context { return base },
			ErrorLog:       slog.NewLogLogger(s.options.Log.Handler(), slog.LevelDebug),
		}
		group.Go(func() error {
			socket := false
			flags := &toolkit.FlagConfig{WebConfigFile: &options.ConfigFile, WebSystemdSocket: &socket, WebListenAddresses: &options.Listen}
			err := toolkit.Serve(listener, server, flags, slog.New(slog.DiscardHandler))
			if errors.Is(err, http.ErrServerClosed) {
				return nil
			}
			return fmt.Errorf("serve on %s: %w", listener.Addr(), err)
		})
		group.Go(func() error {
			<-ctx.Done()
			return shutDown(server)
		})
		if options.Listening != nil {
			options.Listening(listener.Addr().String())
		}
	}
	err = group.Wait()
	s.demand.wait()
	return err
}

// listen opens all addresses, or none.
func listen(addresses []string) ([]net.Listener, error) {
	if len(addresses) == 0 {
		addresses = []string{DefaultAddress}
	}
	var listeners []net.Listener
	for _, address := range addresses {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			for _, open := range listeners {
				err = errors.Join(err, open.Close())
			}
			return nil, fmt.Errorf("listen on %s: %w (is another prober running? choose another address)", address, err)
		}
		listeners = append(listeners, listener)
	}
	return listeners, nil
}

// shutDown lets requests under way end, and cuts off those that do not.
func shutDown(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return server.Close()
	}
	return nil
}
