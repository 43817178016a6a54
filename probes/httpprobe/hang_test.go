package httpprobe

import (
	"bufio"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"mynaprobe/probes"
)

var quiet = log.New(io.Discard, "", 0)

func newReader(r io.Reader) *bufio.Reader { return bufio.NewReader(r) }

// fullListener returns the address of a listener that answers no connection any more: its queue is full, and the kernel
// drops what comes.
func fullListener(t testing.TB) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(name.(*syscall.SockaddrInet4).Port))
	for range 10 {
		conn, err := net.DialTimeout("tcp", addr, 100*time.Millisecond)
		if err != nil {
			return addr
		}
		t.Cleanup(func() { conn.Close() })
	}
	t.Fatal("the queue of the listener never got full")
	return ""
}

func TestTimeoutTellsThePhaseThatHung(t *testing.T) {
	const timeout = 300 * time.Millisecond
	half := func(conn net.Conn) {
		http.ReadRequest(newReader(conn))
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
		silent(conn)
	}
	mute := func(conn net.Conn) {
		http.ReadRequest(newReader(conn))
		silent(conn)
	}
	for _, test := range []struct {
		phase   probes.Phase
		url     string
		options Options
		words   string
	}{
		{probes.PhaseResolve, "http://slow.test/", Options{Resolver: dnsServer(t, nil)}, "no answer from DNS"},
		{probes.PhaseConnect, "http://" + fullListener(t), Options{}, "no TCP connection"},
		{probes.PhaseTLS, "https://" + serveTCP(t, silent).Addr().String(), Options{}, "the TLS handshake did not end"},
		{probes.PhaseProcessing, "http://" + serveTCP(t, mute).Addr().String(), Options{}, "the request was sent and no answer began"},
		{probes.PhaseTransfer, "http://" + serveTCP(t, half).Addr().String(), Options{}, "the answer began and did not end"},
	} {
		for _, keep := range []bool{false, true} {
			t.Run(string(test.phase)+" kept "+strconv.FormatBool(keep), func(t *testing.T) {
				p := get(test.url, within(timeout))
				p.HTTP.KeepConnection = keep
				r := prepare(t, test.options, p).Run(t.Context())
				check(t, r, probes.ReasonTimeout, "timed out after 300ms", test.words, "phase "+string(test.phase))
				a := r.Attempts[0]
				if a.Hung != test.phase || a.HungFor.Duration() < timeout/10 || a.HungFor > r.Duration {
					t.Errorf("hung in %q for %v of %v", a.Hung, a.HungFor.Duration(), r.Duration.Duration())
				}
				if a.Phases.Of(test.phase) != a.HungFor || r.HTTP.Phases != a.Phases {
					t.Errorf("phases are %+v", a.Phases)
				}
				if r.Duration.Duration() > 10*timeout {
					t.Errorf("it took %v", r.Duration.Duration())
				}
			})
		}
	}
}

// TestHungRunsLeaveNothingBehind holds that what a run began ends with it: descriptors here, goroutines at the end of
// all tests.
func TestHungRunsLeaveNothingBehind(t *testing.T) {
	prober := newProber(t, Options{})
	for _, keep := range []bool{false, true} {
		for _, url := range []string{"https://" + serveTCP(t, silent).Addr().String(), "http://" + fullListener(t)} {
			p := get(url, within(30*time.Millisecond))
			p.HTTP.KeepConnection = keep
			runner := prepareWith(t, prober, p)
			held := descriptors(t)
			for range 10 {
				check(t, runner.Run(t.Context()), probes.ReasonTimeout)
			}
			eventually(t, func() bool { return descriptors(t) <= held })
		}
	}
}

// descriptors counts the descriptors of this process.
func descriptors(t testing.TB) int {
	t.Helper()
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// eventually waits until a condition holds.
func eventually(t testing.TB, holds func() bool) {
	t.Helper()
	deadline := time.After(5 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatal("it did not come to hold")
		case <-tick.C:
		}
	}
}
