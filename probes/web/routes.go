package web

import (
	"fmt"
	"net/http"

	"github.com/klauspost/compress/gzhttp"
)

// routes is the whole of the server's addresses.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	packed := func(pattern string, handler http.HandlerFunc) {
		mux.Handle(pattern, gzhttp.GzipHandler(uncached(handler)))
	}
	packed("GET /{$}", s.status)
	packed("GET /api/v1/probes", s.apiProbes)
	packed("GET /api/v1/results", s.apiResults)
	packed("GET /api/v1/outages", s.apiOutages)
	packed("GET /api/v1/notices", s.apiNotices)
	packed("GET /api/", func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, http.StatusNotFound, "no such address; there are /api/v1/probes, /api/v1/results, /api/v1/outages and /api/v1/notices")
	})
	mux.Handle("POST /api/v1/outages/{id}/mark", uncached(s.apiMark))
	packed("GET /outages.ics", s.calendar)
	packed("GET /evidence/", s.evidence)
	if s.options.Metrics != nil {
		mux.Handle("GET /metrics", s.options.Metrics) // which packs by itself
	}
	mux.Handle("GET /probe", uncached(s.probe))
	mux.Handle("GET /-/healthy", uncached(func(w http.ResponseWriter, r *http.Request) {
		s.write(w, r, []byte("the prober is running\n"))
	}))
	mux.Handle("GET /-/ready", uncached(s.ready))
	mux.Handle("POST /-/reload", uncached(s.reload))
	return common(http.NewCrossOriginProtection().Handler(mux))
}

func uncached(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		next(w, r)
	}
}

// common sets what every answer has: nothing is guessed from its bytes, framed by another site, or told to one.
func common(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if err := s.options.Source.Ready(); err != nil {
		http.Error(w, fmt.Sprintf("not ready: %v", err), http.StatusServiceUnavailable)
		return
	}
	s.write(w, r, []byte("the prober is ready\n"))
}

// reload answers with the errors of the definitions themselves: whoever may reload may read them.
func (s *Server) reload(w http.ResponseWriter, r *http.Request) {
	if err := s.options.Source.Reload(); err != nil {
		http.Error(w, fmt.Sprintf("the definitions were not reloaded; the old ones stay in force:\n%v", err), http.StatusInternalServerError)
		return
	}
	s.write(w, r, []byte("the definitions were reloaded\n"))
}

func (s *Server) calendar(w http.ResponseWriter, r *http.Request) {
	filter, err := s.filter(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	data, err := s.options.Source.Calendar(r.Context(), filter)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	w.Header().Set("Content-Disposition", `inline; filename="outages.ics"`)
	s.write(w, r, data)
}
