package web

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// lastGood is the prefix of the files of the last good run, which stand beside those of a failed one.
const lastGood = "last-good-"

// previewBytes is how much of a text is shown on the page of a failure; the file itself has the rest.
const previewBytes = 16 << 10

// evidenceTypes are the types of the files that are shown by the browser; others are only handed out for saving.
var evidenceTypes = map[string]string{
	".png":  "image/png",
	".html": "text/html; charset=utf-8",
	".txt":  "text/plain; charset=utf-8",
	".har":  "application/json",
	".json": "application/json",
}

// evidencePolicy holds down pages that were saved from hostile sites: no script, no request to anywhere, no form.
const evidencePolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"

// evidence serves the files below the evidence folder, and a page for each folder of a failed run. With ?probe=NAME it
// leads to the newest evidence of a probe, for links from dashboards, which know the name alone.
func (s *Server) evidence(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/evidence")
	name = strings.TrimPrefix(name, "/")
	if probe := r.URL.Query().Get("probe"); name == "" && probe != "" {
		_, trouble := s.options.Source.Last(probe)
		if trouble == nil || trouble.Evidence == nil || trouble.Evidence.Path == "" {
			http.Error(w, "there is no evidence of that probe", http.StatusNotFound)
			return
		}
		http.Redirect(w, r, evidenceAddress(trouble.Evidence.Path), http.StatusFound)
		return
	}
	if s.options.EvidenceDir == "" {
		http.Error(w, "no evidence is kept: the prober has no state directory", http.StatusNotFound)
		return
	}
	err := s.evidenceFile(w, r, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		http.Error(w, "there is no such evidence, or no longer", http.StatusNotFound)
	case err != nil:
		// A name that leads out of the folder is no mistake of ours, and gets no answer that says more.
		s.options.Log.Warn("evidence was not served", "path", r.URL.Path, "error", err)
		http.Error(w, "there is no such evidence, or no longer", http.StatusNotFound)
	}
}

// evidenceAddress is the address of a run's evidence, relative to /evidence/.
func evidenceAddress(folder string) string {
	parts := strings.Split(folder, "/")
	for i, part := range parts {
		parts[i] = pathEscape(part)
	}
	return strings.Join(parts, "/") + "/"
}

// evidenceFile serves one name below the folder. os.Root sees to it that neither the name nor a link leads out of it.
func (s *Server) evidenceFile(w http.ResponseWriter, r *http.Request, name string) error {
	root, err := os.OpenRoot(s.options.EvidenceDir)
	if err != nil {
		return err
	}
	defer root.Close()
	file, err := root.Open(cmp.Or(name, "."))
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.IsDir() {
		if !strings.HasSuffix(r.URL.Path, "/") {
			http.Redirect(w, r, pathEscape(path.Base(r.URL.Path))+"/", http.StatusMovedPermanently)
			return nil
		}
		return s.evidenceFolder(w, r, root, file, name)
	}
	h := w.Header()
	h.Set("Content-Security-Policy", evidencePolicy)
	kind, shown := evidenceTypes[path.Ext(name)]
	if !shown {
		kind = "application/octet-stream"
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": path.Base(name)}))
	}
	h.Set("Content-Type", kind)
	http.ServeContent(w, r, "", info.ModTime(), file)
	return nil
}

// evidencePage is what the page of a folder shows.
type evidencePage struct {
	Lang   string
	Name   string
	Up     bool
	Shots  []evidenceShot
	Texts  []evidenceText
	Files  []evidenceEntry
	Places []evidenceEntry
}

// evidenceShot is a picture of the failed run with that of the last good one; either may be missing.
type evidenceShot struct{ Name, Failed, Good string }

// evidenceText is the beginning of a text.
type evidenceText struct {
	Name, Text string
	Cut        bool
}

type evidenceEntry struct {
	Name, Address string
	Size          int64
	Modified      time.Time
}

func (s *Server) evidenceFolder(w http.ResponseWriter, r *http.Request, root *os.Root, folder *os.File, name string) error {
	entries, err := folder.ReadDir(-1)
	if err != nil {
		return err
	}
	page := evidencePage{Lang: language(r), Name: name, Up: name != ""}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			continue // it was removed just now
		}
		if !entry.IsDir() && !entry.Type().IsRegular() {
			continue // nothing that we wrote
		}
		shown := evidenceEntry{Name: entry.Name(), Address: pathEscape(entry.Name()), Size: info.Size(), Modified: info.ModTime().In(s.options.TimeZone)}
		if entry.IsDir() {
			shown.Address += "/"
			page.Places = append(page.Places, shown)
			continue
		}
		page.Files = append(page.Files, shown)
	}
	slices.SortFunc(page.Places, func(a, b evidenceEntry) int { return b.Modified.Compare(a.Modified) })
	slices.SortFunc(page.Files, func(a, b evidenceEntry) int { return strings.Compare(a.Name, b.Name) })
	page.show(root, name)
	return s.render(w, r, "evidence.html", page)
}

// show picks what can be seen at once: pictures side by side, and how texts begin.
func (p *evidencePage) show(root *os.Root, folder string) {
	for _, file := range p.Files {
		base, good := strings.CutPrefix(file.Name, lastGood)
		switch path.Ext(file.Name) {
		case ".png":
			i := slices.IndexFunc(p.Shots, func(s evidenceShot) bool { return s.Name == base })
			if i < 0 {
				p.Shots = append(p.Shots, evidenceShot{Name: base})
				i = len(p.Shots) - 1
			}
			if good {
				p.Shots[i].Good = file.Address
			} else {
				p.Shots[i].Failed = file.Address
			}
		case ".txt":
			if text, cut, err := preview(root, path.Join(folder, file.Name)); err == nil && !good {
				p.Texts = append(p.Texts, evidenceText{Name: file.Name, Text: text, Cut: cut})
			}
		}
	}
}

func preview(root *os.Root, name string) (text string, cut bool, err error) {
	file, err := root.Open(name)
	if err != nil {
		return "", false, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, previewBytes+1))
	if err != nil {
		return "", false, err
	}
	cut = len(data) > previewBytes
	return strings.ToValidUTF8(string(data[:min(len(data), previewBytes)]), "�"), cut, nil
}
