package browserprobe

import (
	"context"
	"fmt"
	"time"

	"mynaprobe/probes"
)

// A Report says whether this machine can run browser probes.
type Report struct {
	// Path is the executable; empty with a remote browser.
	Path string
	// Version is the browser's, as it names itself.
	Version string
	Remote  bool
	// SandboxOff: it was turned off. Renderers counts those that were looked at, Sandboxed those that run in namespaces of their
	// own under a seccomp filter; both are 0 where the system does not tell.
	SandboxOff           bool
	Renderers, Sandboxed int
	// Japanese: Japanese letters are drawn as such, so that screenshots can be read.
	Japanese bool
	// Memory is the resident bytes of the browser with one page.
	Memory int64
}

// fontCheck draws letters that only a Japanese font has apart, and a letter that no font has.
const fontCheck = `(() => {
	const draw = (letter) => {
		const c = document.createElement('canvas'); c.width = c.height = 40;
		const g = c.getContext('2d'); g.font = '32px sans-serif'; g.fillText(letter, 2, 34);
		return c.toDataURL();
	};
	const none = draw('\u{10FFFD}');
	return draw('申') !== draw('請') && draw('申') !== none && draw('あ') !== none;
})()`

// Check starts the browser, opens a page of its own making in it, and reports what it found. Its error says what is
// missing and what can be done; the report then holds what was found before.
func (p *Prober) Check(ctx context.Context) (Report, error) {
	r := Report{SandboxOff: p.o.Settings.SandboxOff}
	endpoint, err := p.o.Secrets(p.o.Settings.URL)
	if err != nil {
		return r, err
	}
	if r.Remote = endpoint != ""; !r.Remote {
		if r.Path, err = Find(p.o.Settings.Path); err != nil {
			return r, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	probe := probes.Probe{Name: "check", Timeout: startTimeout, Browser: &probes.Browser{Steps: []probes.Step{
		{Action: probes.ActionOpen, Value: probes.Value{Text: "http://localhost/"}}}}}
	prepared, err := p.Prepare(probe)
	if err != nil {
		return r, err
	}
	var failed error
	cleaned, err := prepared.(*runner).visiting(ctx, &vault{resolve: p.o.Secrets}, func(j *journey) *fault {
		c := j.visit.chrome
		r.Version, r.Memory = c.version, c.memory()
		if f := j.begin(); f != nil {
			failed = f
			return f
		}
		err := j.do(callTimeout, probes.Step{Action: probes.ActionEvaluate, Value: probes.Value{Text: fontCheck}, Timeout: time.Second})
		r.Japanese = err == nil
		if c.proc != nil {
			r.Renderers, r.Sandboxed = sandboxed(c.proc.cmd.Process.Pid)
		}
		return nil
	})
	if cleaned != nil {
		<-cleaned
	}
	if err == nil {
		err = failed
	}
	if err == nil && !r.SandboxOff && r.Sandboxed < r.Renderers {
		err = fmt.Errorf("%w: %d of %d renderers run outside of it", errSandbox, r.Renderers-r.Sandboxed, r.Renderers)
	}
	return r, err
}
