package httpprobe

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mynaprobe/probes"
)

// benchPage is a page of 20 kB; each call gives another one where they are to differ.
func benchPage(n int64) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "<!doctype html><html lang=ja><head><meta charset=utf-8><title>マイナポータル</title><meta name=token content=%016d>", n)
	b.WriteString("<style>body{color:black}</style><script>var a = '<p>';</script></head><body>")
	for i := 0; b.Len() < 20_000; i++ {
		fmt.Fprintf(&b, "<li class=\"item\"><a href=\"/news/%d\">お知らせ %d：手続の御案内, please read</a></li>\n", i, i)
	}
	b.WriteString("<p>よくある質問</p></body></html>")
	return []byte(b.String())
}

const benchServerEnv = "HTTPPROBE_BENCH_SERVER"

// serveBench is the process that the benchmarks probe, so that its CPU time is not theirs. It ends with its stdin.
func serveBench(scheme string) {
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	var n atomic.Int64
	same := benchPage(0)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.URL.Path == "/changing" {
			w.Write(benchPage(n.Add(1)))
			return
		}
		w.Write(same)
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr())
	if scheme == "https" {
		cert, err := tls.LoadX509KeyPair(os.Getenv(benchServerEnv+"_CERT"), os.Getenv(benchServerEnv+"_KEY"))
		if err != nil {
			panic(err)
		}
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"http/1.1"}})
	}
	panic(http.Serve(l, handler))
}

func startBenchServer(b *testing.B, scheme string, env ...string) string {
	b.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(append(os.Environ(), benchServerEnv+"="+scheme), env...)
	stdin, err := command.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		stdin.Close()
		command.Wait()
	})
	addr, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return scheme + "://" + strings.TrimSpace(addr)
}

// cpuTime is the user and system time of this process.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkRun compares the CPU time of a run with that of a bare net/http loop which does the same GET, block by block
// in the same run: x-floor is the ratio that the budgets speak of.
func BenchmarkRun(b *testing.B) {
	ca := newAuthority(b, "bench")
	leaf := ca.issue(b, "127.0.0.1")
	tlsEnv := []string{benchServerEnv + "_CERT=" + leaf.certFile, benchServerEnv + "_KEY=" + leaf.keyFile}
	judged := probes.Expect{
		Title: []probes.TextExpect{{Value: "マイナポータル"}},
		Text:  []probes.TextExpect{{Value: "よくある質問"}},
	}
	for _, bench := range []struct {
		name, scheme, path string
		expect             probes.Expect
		keep               bool
	}{
		{"status", "http", "/", probes.Expect{}, false},
		{"judged", "http", "/", judged, false},
		{"judged-changing", "http", "/changing", judged, false},
		{"judged-tls", "https", "/", judged, false},
		{"judged-kept", "http", "/", judged, true},
	} {
		b.Run(bench.name, func(b *testing.B) {
			url := startBenchServer(b, bench.scheme, tlsEnv...) + bench.path
			prober := New(Options{})
			defer prober.Close()
			runner, err := prober.Prepare(probes.Probe{Name: "bench", Timeout: 10 * time.Second, HTTP: &probes.HTTP{
				Requests: []probes.Request{{URL: url, Expect: bench.expect}}, KeepConnection: bench.keep,
				TLS: probes.TLS{CAFile: ca.certFile},
			}})
			if err != nil {
				b.Fatal(err)
			}
			roots := x509.NewCertPool()
			roots.AddCert(ca.cert)
			transport := &http.Transport{DisableKeepAlives: !bench.keep, TLSClientConfig: &tls.Config{RootCAs: roots}}
			client := &http.Client{Transport: transport}
			defer transport.CloseIdleConnections()
			floor := func() {
				ctx, cancel := context.WithTimeout(b.Context(), 10*time.Second)
				defer cancel()
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
				if err != nil {
					b.Fatal(err)
				}
				resp, err := client.Do(req)
				if err != nil {
					b.Fatal(err)
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			ours := func() {
				if result := runner.Run(b.Context()); result.Outcome != probes.Up {
					b.Fatal(result.Message)
				}
			}
			floor()
			ours()
			const block = 50
			var floorCPU, oursCPU time.Duration
			runs := 0
			b.ReportAllocs()
			for b.Loop() {
				t := cpuTime()
				for range block {
					floor()
				}
				floorCPU += cpuTime() - t
				t = cpuTime()
				for range block {
					ours()
				}
				oursCPU += cpuTime() - t
				runs += block
			}
			b.ReportMetric(float64(oursCPU)/float64(floorCPU), "x-floor")
			b.ReportMetric(float64(oursCPU.Microseconds())/float64(runs), "µs-CPU/run")
			b.ReportMetric(float64(floorCPU.Microseconds())/float64(runs), "µs-CPU/floor")
		})
	}
}

// BenchmarkPrepare tells what a prepared probe costs in memory.
func BenchmarkPrepare(b *testing.B) {
	prober := New(Options{})
	defer prober.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := prober.Prepare(probes.Probe{Name: "bench", Timeout: time.Second, HTTP: &probes.HTTP{Requests: []probes.Request{{
			URL: "https://portal.test/", Expect: probes.Expect{Title: []probes.TextExpect{{Value: "マイナポータル"}}, Text: []probes.TextExpect{{Value: "よくある質問"}}},
		}}}}); err != nil {
			b.Fatal(err)
		}
	}
}
