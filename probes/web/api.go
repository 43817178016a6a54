package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"mynaprobe/probes"
)

// reply sends a value as JSON.
func (s *Server) reply(w http.ResponseWriter, r *http.Request, status int, value any) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false) // it is never shown as HTML, and people read it
	if err := encoder.Encode(value); err != nil {
		s.options.Log.Error("answer could not be encoded", "path", r.URL.Path, "error", err)
		http.Error(w, `{"error":"something went wrong; the prober's log says what"}`, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	s.write(w, r, body.Bytes())
}

// refuse answers a request of the API that cannot be answered.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, status int, message string) {
	s.reply(w, r, status, struct {
		Error string `json:"error"`
	}{message})
}

// apiFlow is a flow as /api/v1/probes shows it.
type apiFlow struct {
	Name     string         `json:"name"`
	Title    string         `json:"title"`
	Outcome  probes.Outcome `json:"outcome"`
	Critical []string       `json:"critical"`
	Services []string       `json:"services"`
}

// apiProbe is a probe as /api/v1/probes shows it: what its definition says, and where it stands now. An outcome is
// unknown, and the reason empty, once the last result has grown too old.
type apiProbe struct {
	Name      string         `json:"name"`
	Flow      string         `json:"flow"`
	Stage     string         `json:"stage"`
	Kind      probes.Kind    `json:"kind"`
	Target    string         `json:"target"`
	Every     probes.Seconds `json:"every_seconds"`
	Timeout   probes.Seconds `json:"timeout_seconds"`
	Reference bool           `json:"reference"`
	Disabled  bool           `json:"disabled"`
	Outcome   probes.Outcome `json:"outcome"`
	Reason    probes.Reason  `json:"reason,omitempty"`
	Message   string         `json:"message,omitempty"`
	// LastRun is when the last run started; absent before the first.
	LastRun *time.Time `json:"last_run,omitempty"`
	// Fresh: the last result is recent enough to be knowledge.
	Fresh bool `json:"fresh"`
}

func (s *Server) apiProbes(w http.ResponseWriter, r *http.Request) {
	now := s.options.Now()
	set := s.options.Source.Set()
	flows, all := []apiFlow{}, []apiProbe{}
	flow, name := r.URL.Query().Get("flow"), r.URL.Query().Get("probe")
	for _, f := range set.Flows {
		if flow == "" || f.Name == flow {
			flows = append(flows, apiFlow{
				Name: f.Name, Title: f.Title, Outcome: s.options.Source.FlowOutcome(f.Name, now),
				Critical: notNil(f.Critical), Services: notNil(f.Services),
			})
		}
	}
	for _, p := range set.Probes {
		if flow != "" && p.Flow != flow || name != "" && p.Name != name {
			continue
		}
		now := s.standing(p, now)
		shown := apiProbe{
			Name: p.Name, Flow: p.Flow, Stage: p.Stage, Kind: p.Kind, Target: p.Target(), Every: probes.Seconds(p.Every),
			Timeout: probes.Seconds(p.Timeout), Reference: p.Reference, Disabled: p.Disabled,
			Outcome: now.outcome, Reason: now.reason, Message: now.message, Fresh: now.fresh,
		}
		if now.last != nil {
			shown.LastRun = &now.last.Start
		}
		all = append(all, shown)
	}
	s.reply(w, r, http.StatusOK, struct {
		Flows  []apiFlow  `json:"flows"`
		Probes []apiProbe `json:"probes"`
	}{flows, all})
}

// standing is where a probe stands at a moment.
type standing struct {
	outcome probes.Outcome
	reason  probes.Reason
	message string
	// last is the newest result, fresh or not; nil when there is none. Trouble is the newest that was not up.
	last, trouble *probes.Result
	fresh         bool
}

// standing applies the rule of age: a result that is too old is no knowledge any more.
func (s *Server) standing(p probes.Probe, now time.Time) standing {
	last, trouble := s.options.Source.Last(p.Name)
	st := standing{last: last, trouble: trouble}
	if last != nil && !p.Disabled && now.Sub(last.Start) <= p.FreshFor() {
		st.outcome, st.reason, st.message, st.fresh = last.Outcome, last.Reason, last.Message, true
	}
	return st
}

// apiResult is what is kept of a probe's results.
type apiResult struct {
	Probe string         `json:"probe"`
	Last  *probes.Result `json:"last"`
	// LastNotUp is the newest result that was not up; null when there was none since the start.
	LastNotUp *probes.Result `json:"last_not_up"`
}

func (s *Server) apiResults(w http.ResponseWriter, r *http.Request) {
	flow, name := r.URL.Query().Get("flow"), r.URL.Query().Get("probe")
	results := []apiResult{}
	for _, p := range s.options.Source.Set().Probes {
		if p.Disabled || flow != "" && p.Flow != flow || name != "" && p.Name != name {
			continue
		}
		last, trouble := s.options.Source.Last(p.Name)
		results = append(results, apiResult{p.Name, last, trouble})
	}
	if name != "" && len(results) == 0 {
		s.refuse(w, r, http.StatusNotFound, fmt.Sprintf("no probe is named %q; /api/v1/probes lists them", name))
		return
	}
	trouble := slices.DeleteFunc(notNil(s.options.Source.Trouble()), func(t probes.Result) bool {
		return flow != "" && t.Flow != flow || name != "" && t.Probe != name
	})
	s.reply(w, r, http.StatusOK, struct {
		Results []apiResult `json:"results"`
		// NotUp are the latest results that were not up, oldest first.
		NotUp []probes.Result `json:"not_up"`
	}{results, trouble})
}

func (s *Server) apiOutages(w http.ResponseWriter, r *http.Request) {
	filter, err := s.filter(r)
	if err != nil {
		s.refuse(w, r, http.StatusBadRequest, err.Error())
		return
	}
	windows, err := s.options.Source.Windows(r.Context(), filter)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	s.reply(w, r, http.StatusOK, struct {
		Outages []probes.Window `json:"outages"`
	}{notNil(windows)})
}

func (s *Server) apiNotices(w http.ResponseWriter, r *http.Request) {
	filter, err := s.filter(r)
	if err != nil {
		s.refuse(w, r, http.StatusBadRequest, err.Error())
		return
	}
	revisions, err := s.options.Source.Revisions(r.Context(), filter)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	s.reply(w, r, http.StatusOK, struct {
		Notices []probes.NoticeRevision `json:"notices"`
	}{notNil(revisions)})
}

// notNil makes JSON show an empty list as one, and keeps the caller's list from being changed.
func notNil[T any](list []T) []T { return append([]T{}, list...) }

var (
	scopes  = []probes.WindowScope{probes.ScopeProbe, probes.ScopeFlow, probes.ScopeAll}
	sources = []probes.WindowSource{probes.Observed, probes.Announced, probes.Foretold, probes.Blind}
)

// filter reads a filter from a request's parameters: flow, probe, scope, source, since, until, at, open. A parameter that
// is not known is an error, so that a misspelt one does not silently show everything.
func (s *Server) filter(r *http.Request) (probes.WindowFilter, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return probes.WindowFilter{}, fmt.Errorf("the parameters cannot be read: %w", err)
	}
	var f probes.WindowFilter
	for name, values := range query {
		value := values[len(values)-1]
		var err error
		switch name {
		case "flow":
			f.Flow = value
		case "probe":
			f.Probe = value
		case "scope":
			f.Scope, err = oneOf(value, scopes)
		case "source":
			f.Source, err = oneOf(value, sources)
		case "since":
			f.Since, err = s.moment(value)
		case "until":
			f.Until, err = s.moment(value)
		case "at":
			f.At, err = s.moment(value)
		case "open":
			f.Open, err = strconv.ParseBool(value)
		case "lang":
		default:
			return probes.WindowFilter{}, fmt.Errorf("there is no parameter %q; there are flow, probe, scope, source, since, until, at and open", name)
		}
		if err != nil {
			return probes.WindowFilter{}, fmt.Errorf("parameter %s=%q: %w", name, value, err)
		}
	}
	return f, nil
}

func oneOf[T ~string](value string, known []T) (T, error) {
	if !slices.Contains(known, T(value)) {
		var names []string
		for _, k := range known {
			names = append(names, string(k))
		}
		return "", fmt.Errorf("want one of %s", strings.Join(names, ", "))
	}
	return T(value), nil
}

// moment reads a time with or without its zone (the page's is meant then), a date, or a duration, which counts back
// from now.
func (s *Server) moment(value string) (time.Time, error) {
	// In an address a plus sign means a space, and people forget to write it as %2B.
	if t, err := time.Parse(time.RFC3339, strings.ReplaceAll(value, " ", "+")); err == nil {
		return t, nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, value, s.options.TimeZone); err == nil {
			return t, nil
		}
	}
	if d, err := time.ParseDuration(value); err == nil {
		return s.options.Now().Add(-d.Abs()), nil
	}
	return time.Time{}, fmt.Errorf("want a time such as 2025-10-30T08:50:00+09:00, a date, or a time back from now such as 36h")
}

// maxMark bounds the body of a correction.
const maxMark = 64 << 10

// apiMark corrects a window: a probes.Mark as JSON, whose time is that of the server.
func (s *Server) apiMark(w http.ResponseWriter, r *http.Request) {
	var mark probes.Mark
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxMark))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&mark); err != nil {
		s.refuse(w, r, http.StatusBadRequest, fmt.Sprintf("the correction cannot be read: %v", err))
		return
	}
	mark.At = s.options.Now()
	if err := s.options.Source.Mark(r.Context(), r.PathValue("id"), mark); err != nil {
		s.refuse(w, r, http.StatusBadRequest, err.Error())
		return
	}
	s.write(w, r, []byte("the window was corrected\n"))
}
