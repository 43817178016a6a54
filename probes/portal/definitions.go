package portal

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"
)

// DefinitionOptions say what the definitions that fit a portal are to be like.
type DefinitionOptions struct {
	// BaseURL is the portal's address, without a slash at the end; Server.URL, or any host for a RoundTripper.
	BaseURL string
	// Every is the interval of the probes; the script's own by default. Browser probes keep at least 10 s between runs.
	Every time.Duration
	// Timeout of an HTTP or notice run; 10 s, or Every where that is less, by default.
	Timeout time.Duration
	// Browser adds browser probes, which a replay cannot run.
	Browser bool
}

//go:embed definitions.yaml.tmpl
var definitionsText string

var definitions = template.Must(template.New("definitions").Funcs(template.FuncMap{
	"q": strconv.Quote, // a YAML double-quoted scalar, for the texts that occur here
	"list": func(values any) string {
		var quoted []string
		switch values := values.(type) {
		case []string:
			for _, v := range values {
				quoted = append(quoted, strconv.Quote(v))
			}
		case []Stage:
			for _, v := range values {
				quoted = append(quoted, string(v))
			}
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	},
}).Parse(definitionsText))

// Definitions returns the YAML of the probes that fit the portal playing the script. The form's journey is left out
// where the script hides it, as it was hidden from the public on 2025-10-30: then only its page is looked at.
func (s *Script) Definitions(opts DefinitionOptions) []byte {
	if opts.Every <= 0 {
		opts.Every = s.Every
	}
	if opts.Timeout <= 0 {
		opts.Timeout = min(10*time.Second, opts.Every)
	}
	browserEvery := max(opts.Every, 10*time.Second)
	var b bytes.Buffer
	err := definitions.Execute(&b, map[string]any{
		"Script": s, "Site": s.site, "Base": strings.TrimSuffix(opts.BaseURL, "/"),
		"Every": opts.Every, "Timeout": opts.Timeout, "Browser": opts.Browser,
		"Slow":         min(3*time.Second, opts.Timeout/2),
		"BrowserEvery": browserEvery, "BrowserTimeout": min(20*time.Second, browserEvery),
		"Issuance": !slices.Contains(s.Hidden, StageApply),
	})
	if err != nil {
		panic(fmt.Sprintf("the portal's definitions: %v", err)) // the template ships, and tests try it
	}
	return b.Bytes()
}
