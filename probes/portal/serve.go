package portal

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// A Server is the portal on loopback, over HTTP and HTTPS.
type Server struct {
	// URL and TLSURL are the addresses of the top page, without the slash at the end.
	URL, TLSURL string

	portal  *Portal
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu  sync.Mutex
	err error
}

// Serve starts the portal on two loopback ports of the system's choice. It runs until ctx ends or Close is called. An
// answer's delay is real time. While the script refuses connections, the ports are closed.
func (p *Portal) Serve(ctx context.Context) (*Server, error) {
	certificates := map[bool]*tls.Certificate{}
	for _, expired := range []bool{false, true} {
		// By the machine's clock, because clients verify by theirs.
		certificate, err := p.keys.leaf(time.Now(), expired, "localhost", "127.0.0.1")
		if err != nil {
			return nil, err
		}
		certificates[expired] = certificate
	}
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("the stand-in portal cannot listen on loopback: %w", err)
	}
	secure, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		plain.Close()
		return nil, fmt.Errorf("the stand-in portal cannot listen on loopback: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &Server{URL: "http://" + plain.Addr().String(), TLSURL: "https://" + secure.Addr().String(), portal: p, cancel: cancel}
	config := &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		c := p.standing(p.clock.Now()).condition(StageControl)
		return certificates[c.State == Certificate], nil
	}}
	if refused, _ := p.refusal(p.clock.Now()); refused {
		plain.Close()
		secure.Close()
	}
	s.running.Go(func() { s.run(ctx, plain, nil) })
	s.running.Go(func() { s.run(ctx, secure, config) })
	return s, nil
}

// Close ends the servers and returns when nothing of them runs any more. Its error is what a server failed with.
func (s *Server) Close() error {
	s.cancel()
	s.running.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *Server) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = errors.Join(s.err, err)
}

// run serves on the listener, closes it while the script refuses connections, and listens again on the same port.
func (s *Server) run(ctx context.Context, listener net.Listener, config *tls.Config) {
	place := listener.Addr().String()
	for {
		refused, next := s.portal.refusal(s.portal.clock.Now())
		var alive bool
		if refused {
			listener.Close()
			alive = s.wait(ctx, next)
		} else {
			alive = s.serve(ctx, listener, config, next)
		}
		if !alive {
			return
		}
		var err error
		if listener, err = net.Listen("tcp", place); err != nil {
			s.fail(fmt.Errorf("the stand-in portal cannot listen again: %w", err))
			return
		}
	}
}

// wait waits for a moment of the portal's clock, for ever when it is zero, and reports whether ctx still lives.
func (s *Server) wait(ctx context.Context, until time.Time) bool {
	if until.IsZero() {
		<-ctx.Done()
		return false
	}
	return s.portal.clock.Sleep(ctx, until.Sub(s.portal.clock.Now())) == nil
}

// serve serves until the given moment and reports whether ctx still lives.
func (s *Server) serve(ctx context.Context, listener net.Listener, config *tls.Config, until time.Time) bool {
	requests, cancel := context.WithCancel(ctx)
	server := &http.Server{
		Handler: s.portal, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10,
		ErrorLog:    log.New(io.Discard, "", 0), // refused handshakes are the script's doing
		BaseContext: func(net.Listener) context.Context { return requests },
	}
	if config != nil {
		listener = tls.NewListener(listener, config)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.fail(fmt.Errorf("the stand-in portal stopped: %w", err))
		}
	})
	alive := s.wait(ctx, until)
	cancel()
	server.Close()
	serving.Wait()
	return alive
}

// refusal reports whether connections are refused at the moment, and when that changes next; zero for never.
func (p *Portal) refusal(at time.Time) (refused bool, next time.Time) {
	refused = p.standing(at).condition(StageControl).State == Refused
	for _, e := range p.script.events {
		c, ok := e.stages[StageControl]
		if when := p.when(e.at); ok && when.After(at) && (c.State == Refused) != refused {
			return refused, when
		}
	}
	return refused, time.Time{}
}

// ServeHTTP answers as the portal stands now, by the portal's clock. It implements http.Handler.
func (p *Portal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxApplication)
	resp := p.Respond(r, p.clock.Now())
	switch resp.Fault {
	case FaultHang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case FaultReset, FaultRefused:
		reset(w)
		return
	}
	timer := time.NewTimer(resp.Delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	}
	for name, values := range resp.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(resp.Status)
	if r.Method != http.MethodHead && resp.Status != http.StatusNotModified {
		w.Write(resp.Body)
	}
}

// reset ends the connection with a TCP reset instead of an answer.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2: the stream is reset
	}
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}
