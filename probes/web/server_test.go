package web

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"mynaprobe/probes"
)

// serving is a server that listens, until the test ends or stop is called.
type serving struct {
	addresses []string
	stop      context.CancelFunc
	ended     chan error
}

func serve(t *testing.T, s *Server, options ServeOptions) *serving {
	t.Helper()
	if options.Listen == nil {
		options.Listen = []string{"127.0.0.1:0"}
	}
	ctx, stop := context.WithCancel(t.Context())
	running := &serving{stop: stop, ended: make(chan error, 1)}
	listening := make(chan string, len(options.Listen))
	options.Listening = func(address string) { listening <- address }
	go func() { running.ended <- s.Serve(ctx, options) }()
	for range options.Listen {
		select {
		case address := <-listening:
			running.addresses = append(running.addresses, address)
		case err := <-running.ended:
			t.Fatalf("ended before it listened: %v", err)
		}
	}
	t.Cleanup(stop)
	return running
}

// client keeps no connection, so that none is left when a test ends.
func client(config *tls.Config) *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: config}}
}

func fetch(t *testing.T, c *http.Client, request *http.Request) (int, string) {
	t.Helper()
	response, err := c.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(data)
}

func request(t *testing.T, address string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestServe(t *testing.T) {
	running := serve(t, newServer(incident()), ServeOptions{Listen: []string{"127.0.0.1:0", "127.0.0.1:0"}})
	for _, address := range running.addresses {
		if status, text := fetch(t, client(nil), request(t, "http://"+address+"/metrics")); status != 200 || !strings.Contains(text, "probe_outcome") {
			t.Errorf("%s: %d %s", address, status, text)
		}
	}
	running.stop()
	if err := <-running.ended; err != nil {
		t.Errorf("ended with %v", err)
	}
}

// TestStopDuringARun: a run on demand does not hold up the end, and is not left behind, whether somebody still waits for
// it or not.
func TestStopDuringARun(t *testing.T) {
	for _, waits := range []bool{true, false} {
		source := incident()
		started, ended := make(chan struct{}), make(chan struct{})
		source.runNow = func(ctx context.Context, _ string) (probes.Result, bool) {
			close(started)
			<-ctx.Done()
			<-time.After(50 * time.Millisecond) // a browser takes its time to end
			close(ended)
			return probes.Result{}, false
		}
		running := serve(t, newServer(source), ServeOptions{})
		ctx, leave := context.WithCancel(t.Context())
		answered := make(chan int, 1)
		go func() {
			response, err := client(nil).Do(request(t, "http://"+running.addresses[0]+"/probe?probe=apply-form").WithContext(ctx))
			if err != nil {
				answered <- 0
				return
			}
			answered <- response.StatusCode
			response.Body.Close()
		}()
		<-started
		if !waits {
			leave()
			<-answered
		}
		running.stop()
		if waits {
			if status := <-answered; status != http.StatusServiceUnavailable {
				t.Errorf("who waited was answered with %d", status)
			}
		}
		if err := <-running.ended; err != nil {
			t.Error(err)
		}
		select {
		case <-ended:
		default:
			t.Errorf("waiting %v: the server ended before the run did", waits)
		}
		leave()
	}
}

func TestAddressInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	err = newServer(incident()).Serve(t.Context(), ServeOptions{Listen: []string{"127.0.0.1:0", taken.Addr().String()}})
	if err == nil || !strings.Contains(err.Error(), "listen on "+taken.Addr().String()) || !strings.Contains(err.Error(), "another address") {
		t.Errorf("%v", err)
	}
}

func TestDefaultIsThisMachineAlone(t *testing.T) {
	host, _, err := net.SplitHostPort(DefaultAddress)
	if err != nil || !net.ParseIP(host).IsLoopback() {
		t.Errorf("%s: %v", DefaultAddress, err)
	}
}

// webConfig writes a web configuration file with TLS and one user, and returns it with the client's trust.
func webConfig(t *testing.T) (file string, trust *tls.Config) {
	t.Helper()
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte("word"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"cert.pem": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
		"key.pem":  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}),
		"web.yml":  []byte("tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\nbasic_auth_users:\n  ops: '" + string(hash) + "'\n"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := x509.ParseCertificate(certificate)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return filepath.Join(dir, "web.yml"), &tls.Config{RootCAs: pool}
}

func TestWebConfig(t *testing.T) {
	file, trust := webConfig(t)
	running := serve(t, newServer(incident()), ServeOptions{ConfigFile: file, Listen: []string{"127.0.0.1:0", "127.0.0.1:0"}})
	for _, address := range running.addresses {
		for _, c := range []struct {
			user, password string
			want           int
		}{{"", "", 401}, {"ops", "wrong", 401}, {"ops", "word", 200}} {
			r := request(t, "https://"+address+"/-/healthy")
			if c.user != "" {
				r.SetBasicAuth(c.user, c.password)
			}
			if status, _ := fetch(t, client(trust), r); status != c.want {
				t.Errorf("as %q with %q: %d, want %d", c.user, c.password, status, c.want)
			}
		}
	}
	running.stop()
	if err := <-running.ended; err != nil {
		t.Error(err)
	}
}

func TestBadWebConfig(t *testing.T) {
	file := filepath.Join(t.TempDir(), "web.yml")
	if err := os.WriteFile(file, []byte("tls_server_configs: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, file + ".missing"} {
		err := newServer(incident()).Serve(t.Context(), ServeOptions{ConfigFile: name, Listen: []string{"127.0.0.1:0"}})
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
