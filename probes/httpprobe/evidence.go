package httpprobe

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"mynaprobe/probes"
)

// maxExcerpt bounds the body and the text that evidence keeps, in bytes each.
const maxExcerpt = 64 << 10

// evidence is what a person can look at: what was asked, how it went, and the answer as far as it came.
func (r *run) evidence(result *probes.Result) *probes.Evidence {
	files := map[string][]byte{}
	var b bytes.Buffer
	for i, attempt := range result.Attempts {
		fmt.Fprintf(&b, "# attempt %d, %s, %s: %s\n", i+1, attempt.Start.UTC().Format("2006-01-02T15:04:05.000Z07:00"), round(attempt.Duration.Duration()), attempt.Message)
		for _, phase := range probes.AllPhases() {
			if took := attempt.Phases.Of(phase); took > 0 {
				fmt.Fprintf(&b, "#   %s %s\n", phase, round(took.Duration()))
			}
		}
	}
	a := r.last
	if a == nil {
		fmt.Fprintf(&b, "# no request was sent: %s\n", result.Message)
		files["response.txt"] = b.Bytes()
		return &probes.Evidence{Files: files}
	}
	for _, hop := range a.chain {
		fmt.Fprintf(&b, "# %s answered %d\n", finalURL(hop.url), hop.status)
	}
	fmt.Fprintf(&b, "# %s\n", finalURL(a.url))
	if a.addr.IsValid() {
		fmt.Fprintf(&b, "# connected to %s\n", a.addr)
	}
	if t := a.tls; t != nil {
		fmt.Fprintf(&b, "# certificate: names %s, issuer %q, expires %s\n", strings.Join(t.Names, ", "), t.Issuer, day(t.EarliestExpiry))
		if t.Problem == "" {
			fmt.Fprintf(&b, "# %s, %s\n", t.Version, t.Cipher)
		} else {
			fmt.Fprintf(&b, "# %s\n", t.Problem)
		}
	}
	if a.status != 0 {
		fmt.Fprintf(&b, "\n%s %s\n", a.proto, a.statusLine)
		if err := a.header.Write(&b); err != nil {
			fmt.Fprintf(&b, "# the header cannot be written: %v\n", err)
		}
		b.WriteByte('\n')
		a.page.writeExcerpt(&b)
		if a.cut {
			fmt.Fprintf(&b, "\n# only %d bytes were read\n", len(a.page.body))
		}
		if text := a.page.visible(); text != "" {
			if title := a.page.pageTitle(); title != "" {
				text = title + "\n\n" + text
			}
			files["text.txt"] = []byte(r.mask.text(text[:min(len(text), maxExcerpt)]))
		}
	}
	files["response.txt"] = []byte(r.mask.text(b.String()))
	return &probes.Evidence{Files: files}
}

// writeExcerpt writes the beginning of the body, if it is one that can be read.
func (p *page) writeExcerpt(b *bytes.Buffer) {
	if !p.isHTML() && !isText(p.contentType, p.body) {
		fmt.Fprintf(b, "# %d bytes of type %q\n", len(p.body), p.contentType)
		return
	}
	content := p.content()
	b.Write(content[:min(len(content), maxExcerpt)])
	if len(content) > maxExcerpt {
		fmt.Fprintf(b, "\n# the body goes on\n")
	}
}

// A mask hides secrets in whatever leaves a run, in the forms in which they may come back.
type mask struct {
	secrets  []string
	replacer *strings.Replacer
}

const masked = "[secret]"

func (m *mask) add(secret string) {
	if secret == "" {
		return
	}
	for _, form := range []string{
		secret, strings.TrimSpace(secret), url.QueryEscape(secret), url.PathEscape(secret),
		base64.StdEncoding.EncodeToString([]byte(secret)),
	} {
		if form != "" && !slices.Contains(m.secrets, form) {
			m.secrets = append(m.secrets, form)
		}
	}
	m.replacer = nil
}

// addBasic adds a password, and what user and password look like in a header.
func (m *mask) addBasic(user, password string) {
	m.add(password)
	m.add(strings.TrimPrefix(basic(user, password), "Basic "))
}

// text returns the text with every secret hidden.
func (m *mask) text(text string) string {
	if len(m.secrets) == 0 || text == "" {
		return text
	}
	if m.replacer == nil {
		// The longer ones first, so that a secret within another leaves nothing of it.
		slices.SortFunc(m.secrets, func(a, b string) int { return len(b) - len(a) })
		var pairs []string
		for _, secret := range m.secrets {
			pairs = append(pairs, secret, masked)
		}
		m.replacer = strings.NewReplacer(pairs...)
	}
	return m.replacer.Replace(text)
}
