package definition

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"mynaprobe/probes"
)

// source is a file to be read.
type source struct {
	name, dir string
	read      func() ([]byte, error)
}

// Load reads definition files, and directories for their *.yaml and *.yml files (not those below, nor hidden ones), and
// joins them into one set. The error is Errors, and tells everything that is wrong with all of them.
func Load(paths ...string) (probes.Set, error) {
	var sources []source
	var errs Errors
	seen := map[string]bool{}
	add := func(name string) {
		if clean := filepath.Clean(name); !seen[clean] {
			seen[clean] = true
			sources = append(sources, source{name, filepath.Dir(name), func() ([]byte, error) { return readFile(os.Open(name)) }})
		}
	}
	for _, p := range paths {
		info, err := os.Stat(p)
		switch {
		case err != nil:
			errs = append(errs, unreadable(p, err))
		case !info.IsDir():
			add(p)
		default:
			names, err := yamlIn(os.DirFS(p))
			if err != nil {
				errs = append(errs, unreadable(p, err))
			} else if len(names) == 0 {
				errs = append(errs, Error{File: p, Message: "the directory holds no *.yaml or *.yml file"})
			}
			for _, n := range names {
				add(filepath.Join(p, n))
			}
		}
	}
	return load(sources, errs)
}

// LoadFS reads the files of a file system that match the patterns (see path.Match), and joins them into one set. The
// error is as that of Load.
func LoadFS(fsys fs.FS, patterns ...string) (probes.Set, error) {
	var sources []source
	var errs Errors
	for _, pattern := range patterns {
		names, err := fs.Glob(fsys, pattern)
		if err != nil {
			errs = append(errs, unreadable(pattern, err))
		} else if len(names) == 0 {
			errs = append(errs, Error{File: pattern, Message: "no file matches"})
		}
		for _, name := range names {
			if slices.ContainsFunc(sources, func(s source) bool { return s.name == name }) {
				continue
			}
			sources = append(sources, source{name, path.Dir(name), func() ([]byte, error) {
				f, err := fsys.Open(name)
				return readFile(f, err)
			}})
		}
	}
	return load(sources, errs)
}

// Parse reads one definition document. The name stands in errors; relative paths in the document are relative to its
// directory. The error is as that of Load.
func Parse(name string, data []byte) (probes.Set, error) {
	return load([]source{{name, filepath.Dir(name), func() ([]byte, error) { return data, nil }}}, nil)
}

// Merge joins sets that were loaded apart, such as the bundled definitions and one's own. Flows and probes whose names
// are taken are errors, as are two browsers set up differently; the error is Errors.
func Merge(sets ...probes.Set) (probes.Set, error) {
	var all probes.Set
	var errs Errors
	flows, sources := map[string]bool{}, map[string]string{}
	for _, s := range sets {
		for _, f := range s.Flows {
			if flows[f.Name] {
				errs = append(errs, Error{File: "definitions", Message: fmt.Sprintf("two flows are called %q", f.Name), Suggestion: "give each a name of its own"})
			}
			flows[f.Name] = true
		}
		for _, p := range s.Probes {
			if first, taken := sources[p.Name]; taken {
				errs = append(errs, Error{File: p.Source, Message: fmt.Sprintf("two probes are called %q; the first is at %s", p.Name, first), Suggestion: "give each a name of its own"})
			}
			sources[p.Name] = p.Source
		}
		all.Flows = append(all.Flows, s.Flows...)
		all.Probes = append(all.Probes, s.Probes...)
		all.Planned = append(all.Planned, s.Planned...)
		for _, h := range s.OwnHosts {
			if !slices.Contains(all.OwnHosts, h) {
				all.OwnHosts = append(all.OwnHosts, h)
			}
		}
		if s.Contact != "" {
			all.Contact = s.Contact
		}
		none := probes.BrowserSettings{}
		switch {
		case s.Browser == none:
		case all.Browser == none:
			all.Browser = s.Browser
		case all.Browser != s.Browser:
			errs = append(errs, Error{File: "definitions", Message: "the browser is set up twice, and differently", Suggestion: "keep one of them"})
		}
	}
	if errs != nil {
		return probes.Set{}, errs
	}
	return all, nil
}

// load parses the sources side by side and links them.
func load(sources []source, errs Errors) (probes.Set, error) {
	files := make([]*parsedFile, len(sources))
	failed := make([]*Error, len(sources))
	turn := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wait sync.WaitGroup
	for i, s := range sources {
		wait.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			data, err := s.read()
			if err != nil {
				failure := unreadable(s.name, err)
				failed[i] = &failure
				return
			}
			files[i] = parse(s, data)
		})
	}
	wait.Wait()
	var good []*parsedFile
	for i, f := range files {
		if f != nil {
			good = append(good, f)
		} else {
			errs = append(errs, *failed[i])
		}
	}
	set := link(good)
	for _, f := range good {
		errs = append(errs, f.finish()...)
	}
	if len(errs) == 0 && len(set.Probes) == 0 && len(sources) > 0 {
		errs = append(errs, Error{File: sources[0].name, Message: "no probe is defined", Suggestion: "add probes: and a list of them"})
	}
	if err := errs.asError(); err != nil {
		return probes.Set{}, err
	}
	return set, nil
}

func parse(s source, data []byte) *parsedFile {
	f := &parsedFile{document: &document{file: s.name, dir: s.dir, text: data}}
	if root := f.open(); root != nil {
		f.def, _ = fileShape.decode(f.document, root)
	}
	return f
}

// yamlIn returns the names of the definition files in a directory.
func yamlIn(fsys fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		ext := path.Ext(e.Name())
		if (ext == ".yaml" || ext == ".yml") && !strings.HasPrefix(e.Name(), ".") && !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// readFile reads what was opened, up to a little more than a definition may hold.
func readFile(f fs.File, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}

func unreadable(name string, err error) Error {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	message := "the file cannot be read: " + err.Error()
	if errors.Is(err, fs.ErrNotExist) {
		message = "there is no such file or directory"
	}
	return Error{File: name, Message: message}
}
