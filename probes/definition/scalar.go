package definition

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	_ "time/tzdata" // time zones in definitions must be known in containers without a zone database

	"github.com/andybalholm/cascadia"
	"github.com/ohler55/ojg/jp"
	"go.yaml.in/yaml/v3"

	"mynaprobe/probes"
)

// scalar is a text that is read from one scalar node; numbers and dates count as the text that stands in the file.
func scalar(want, hint string, schema js) shape[string] {
	return reads(want, fixed(schema), func(d *document, n *yaml.Node) (string, bool) {
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
			d.wrong(n, "this must be "+want+", not "+kindOf(n), hint)
			return "", false
		}
		if n.Tag == "!!bool" {
			d.wrong(n, fmt.Sprintf("this must be %s, and YAML reads %s as a truth value", want, n.Value), fmt.Sprintf("write %q in quotes", n.Value))
			return "", false
		}
		return n.Value, true
	})
}

// anyText is a text that may be empty.
var anyText = scalar("a text", "", js{"type": []any{"string", "number"}})

// text is a text with something in it.
var text = structural(scalar("a text", "", js{"type": []any{"string", "number"}, "pattern": `\S`}), func(s string) (string, string) {
	if strings.TrimSpace(s) == "" {
		return "the text is empty", "write a text, or take the key out"
	}
	return "", ""
})

// structural adds a check that the schema of the shape expresses too.
func structural[T any](s shape[T], check func(T) (message, suggestion string)) shape[T] {
	decode := s.decode
	s.decode = func(d *document, n *yaml.Node) (T, bool) {
		v, ok := decode(d, n)
		if ok {
			if message, suggestion := check(v); message != "" {
				d.wrong(n, message, suggestion)
				return v, false
			}
		}
		return v, ok
	}
	return s
}

// pattern is a string that matches the expression, which the JSON Schema carries too. The expression stays in the
// common part of RE2 and ECMA-262.
func pattern(want, expr, hint string) shape[string] {
	re := regexp.MustCompile(expr)
	return reads(want, fixed(js{"type": "string", "pattern": expr}), func(d *document, n *yaml.Node) (string, bool) {
		switch {
		case n.Kind != yaml.ScalarNode:
			d.wrong(n, "this must be "+want+", not "+kindOf(n), hint)
		case n.Tag != "!!str":
			d.wrong(n, fmt.Sprintf("%s is %s, and this must be %s", n.Value, kindOf(n), want), hint)
		case !re.MatchString(n.Value):
			d.wrong(n, fmt.Sprintf("%q is not %s", n.Value, want), hint)
		default:
			return n.Value, true
		}
		return "", false
	})
}

// name is what labels, addresses and file names are made of.
var name = pattern("a name", `^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`,
	"up to 63 letters, digits, dots, underscores and hyphens, beginning with a letter or a digit (a title may hold anything)")

// label is a step's name: free text of one line.
var label = structural(scalar("a text", "", js{"type": []any{"string", "number"}, "pattern": `^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$`, "maxLength": 100}),
	func(s string) (string, string) {
		if strings.TrimSpace(s) == "" || len([]rune(s)) > 100 || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return "this cannot be a name", "write a text of one line, up to 100 characters"
		}
		return "", ""
	})

// enum is one of a few words. Words that look like numbers may be written without quotes.
func enum(words ...string) shape[string] {
	var values []any
	for _, w := range words {
		values = append(values, w)
		if f, err := strconv.ParseFloat(w, 64); err == nil {
			values = append(values, f)
		}
	}
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = strconv.Quote(w)
	}
	want := orList(quoted)
	return reads(want, fixed(js{"enum": values}), func(d *document, n *yaml.Node) (string, bool) {
		if n.Kind != yaml.ScalarNode {
			d.wrong(n, "this must be "+want+", not "+kindOf(n), "")
			return "", false
		}
		number, notNumber := strconv.ParseFloat(n.Value, 64)
		for _, w := range words {
			if n.Tag == "!!str" && n.Value == w {
				return w, true
			}
			if f, err := strconv.ParseFloat(w, 64); err == nil && notNumber == nil && f == number && (n.Tag == "!!float" || n.Tag == "!!int") {
				return w, true
			}
		}
		hint := ""
		if near := nearest(n.Value, words); near != "" && notNumber != nil {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		d.wrong(n, fmt.Sprintf("%q is not %s", n.Value, want), hint)
		return "", false
	})
}

// boolean is true or false.
var boolean = reads("true or false", fixed(js{"type": "boolean"}), func(d *document, n *yaml.Node) (bool, bool) {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
		d.wrong(n, "this must be true or false, not "+kindOf(n), "")
		return false, false
	}
	return strings.EqualFold(n.Value, "true"), true
})

// yes is a key that needs no value of its own and is written as true.
var yes = reads("true", fixed(js{"const": true}), func(d *document, n *yaml.Node) (bool, bool) {
	if v, ok := boolean.decode(d, n); !ok || v {
		return v, ok
	}
	d.wrong(n, "this can only be true", "take the key out where it is not wanted")
	return false, false
})

// integer is a whole number within bounds.
func integer(least, most int) shape[int] {
	want := fmt.Sprintf("a whole number from %d to %d", least, most)
	if most == math.MaxInt32 {
		want = fmt.Sprintf("a whole number of at least %d", least)
	}
	return reads(want, fixed(js{"type": "integer", "minimum": least, "maximum": most}), func(d *document, n *yaml.Node) (int, bool) {
		if n.Kind != yaml.ScalarNode || n.Tag != "!!int" && n.Tag != "!!float" {
			d.wrong(n, "this must be "+want+", not "+kindOf(n), "")
			return 0, false
		}
		var f float64
		if n.Decode(&f) != nil || f != math.Trunc(f) || f < float64(least) || f > float64(most) {
			d.wrong(n, n.Value+" is not "+want, "")
			return 0, false
		}
		return int(f), true
	})
}

const durationHint = "write a number with a unit: 500ms, 30s, 1m30s, 12h, 7d"

var (
	durationPattern = `^([0-9]+(\.[0-9]+)?(ms|s|m|h|d|w))+$`
	durationPart    = regexp.MustCompile(`([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d|w)`)
	durationUnits   = map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}
)

// duration is a span of time with its units, at most a year.
var duration = parsed(pattern("a duration", durationPattern, durationHint), func(s string) (time.Duration, string) {
	if v, err := time.ParseDuration(s); err == nil && v < 366*24*time.Hour {
		return v, "" // the usual units; days and weeks are ours
	}
	var sum float64
	for _, part := range durationPart.FindAllStringSubmatch(s, -1) {
		count, err := strconv.ParseFloat(part[1], 64)
		if err != nil {
			return 0, durationHint
		}
		sum += count * float64(durationUnits[part[2]])
	}
	if sum > float64(366*24*time.Hour) {
		return 0, "a year is the longest there is"
	}
	return time.Duration(sum), ""
})

// parsed turns the text of a shape into a value, or says what is wrong with it.
func parsed[T any](s shape[string], parse func(string) (T, string)) shape[T] {
	return reads(s.want, s.schema, func(d *document, n *yaml.Node) (T, bool) {
		var v T
		text, ok := s.decode(d, n)
		if !ok {
			return v, false
		}
		v, problem := parse(text)
		if problem != "" {
			d.problem(n, fmt.Sprintf("%q is out of range", text), problem)
			return v, false
		}
		return v, true
	})
}

// atLeast bounds a duration from below.
func atLeast(least time.Duration, why string) shape[time.Duration] {
	return checked(duration, func(v time.Duration) (string, string) {
		if v < least {
			return fmt.Sprintf("%s is too short", brief(v)), fmt.Sprintf("at least %s: %s", brief(least), why)
		}
		return "", ""
	})
}

// brief writes a duration as a definition would: 1m, not 1m0s.
func brief(v time.Duration) string {
	s := v.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

var (
	sizePart  = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?(B|kB|MB|GB|KiB|MiB|GiB)$`)
	sizeUnits = map[string]float64{"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
)

// size is a number of bytes with its unit, at most 64 GiB.
var size = parsed(pattern("a size", `^[0-9]+(\.[0-9]+)? ?(B|kB|MB|GB|KiB|MiB|GiB)$`, "write a number with a unit: 500B, 64KiB, 2MiB, 1GiB"),
	func(s string) (int64, string) {
		m := sizePart.FindStringSubmatch(s)
		count, err := strconv.ParseFloat(m[1], 64)
		bytes := count * sizeUnits[m[2]]
		if err != nil || bytes > 64<<30 {
			return 0, "64GiB is the most there is"
		}
		if bytes < 1 {
			return 0, "it must be at least 1B"
		}
		return int64(bytes), ""
	})

// percent is a share written as "99.9%".
var percent = parsed(pattern("a percentage", `^[0-9]{1,3}(\.[0-9]+)?%$`, "write it as 99.9%"), func(s string) (float64, string) {
	f, err := strconv.ParseFloat(strings.TrimSuffix(s, "%"), 64)
	if err != nil || f <= 0 || f >= 100 {
		return 0, "it lies between 0% and 100%"
	}
	return math.Round(f*1e8) / 1e10, "" // 0.999, not 0.9990000000000001
})

// fails says that a text is not what it should be, why, and what such a thing looks like.
func fails(what, value string, err error, hint string) (string, string) {
	if err == nil {
		return "", ""
	}
	return fmt.Sprintf("%q is not %s: %s", value, what, err), hint
}

var placeholder = regexp.MustCompile(`\$\{([^}]*)\}`)

// pageURL is the address of something to look at; it may hold ${name}.
var pageURL = checked(text, func(s string) (string, string) { return checkURL(s, "http", "https") })

func checkURL(s string, schemes ...string) (string, string) {
	example := schemes[0] + "://"
	if slices.Contains(schemes, "https") {
		example = "https://"
	}
	filled := placeholder.ReplaceAllString(s, "x")
	if strings.HasPrefix(s, "${") {
		return "", "" // the whole address is carried over from an earlier answer
	}
	if strings.ContainsAny(filled, " \t\r\n") {
		return fmt.Sprintf("the address %q has white space in it", s), "write %20 for a space"
	}
	u, err := url.Parse(filled)
	switch {
	case err != nil:
		return fmt.Sprintf("%q is not an address: %s", s, strings.TrimPrefix(err.Error(), "parse "+strconv.Quote(filled)+": ")), "write it as " + example + "host/path"
	case u.User != nil:
		return "an address cannot hold a user or a password", "use basic: {user: …, password: {env: NAME}}, which keeps it out of logs"
	case u.Scheme == "" || u.Host == "" && u.Opaque != "" && !slices.Contains(schemes, u.Scheme):
		return fmt.Sprintf("the address %q has no scheme", s), "begin it with " + example
	case !slices.Contains(schemes, u.Scheme):
		return fmt.Sprintf("the scheme %q cannot be probed", u.Scheme), "use " + orList(schemes)
	case u.Hostname() == "":
		return fmt.Sprintf("the address %q has no host", s), "write it as " + example + "host/path"
	case u.Port() != "":
		if port, err := strconv.Atoi(u.Port()); err != nil || port < 1 || port > 65535 {
			return fmt.Sprintf("%s is not a port", u.Port()), "ports go from 1 to 65535"
		}
	}
	if !hostPattern.MatchString(u.Hostname()) && !strings.Contains(u.Hostname(), ":") {
		return fmt.Sprintf("%q is not a host name", u.Hostname()), "a host is letters, digits, hyphens and dots"
	}
	return "", ""
}

var hostPattern = regexp.MustCompile(`^[\p{L}\p{N}_]([\p{L}\p{M}\p{N}_-]*[\p{L}\p{M}\p{N}_])?(\.[\p{L}\p{N}_]([\p{L}\p{M}\p{N}_-]*[\p{L}\p{M}\p{N}_])?)*\.?$`)

// host is a host name, or a suffix that begins with a dot.
var host = as(checked(text, func(s string) (string, string) {
	bare := strings.TrimPrefix(s, ".")
	if strings.Contains(s, "://") {
		return fmt.Sprintf("%q is an address, and this must be a host name", s), "write the host alone: example.jp, or .example.jp for all below it"
	}
	if !hostPattern.MatchString(bare) && !strings.Contains(bare, "::") {
		return fmt.Sprintf("%q is not a host name", s), "write the host alone: example.jp, or .example.jp for all below it"
	}
	return "", ""
}), strings.ToLower)

// selector is a CSS selector.
var selector = checked(text, checkSelector)

func checkSelector(s string) (string, string) {
	_, err := cascadia.ParseGroup(s)
	return fails("a CSS selector", s, err, `write it as a style sheet does: main h1, a[href^="/news/"]`)
}

// pageSelector is one for a page in a browser: parts joined by >>>, each but the last naming the hosts of the shadow trees
// that the next looks into.
var pageSelector = checked(text, func(s string) (string, string) {
	for part := range strings.SplitSeq(s, ">>>") {
		if what, advice := checkSelector(part); what != "" {
			return what, advice
		}
	}
	return "", ""
})

// expression is a regular expression (RE2).
var expression = checked(text, func(s string) (string, string) {
	_, err := regexp.Compile(s)
	if err != nil {
		err = errors.New(strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return fails("a regular expression", s, err, `a backslash before ( ) [ ] { } . * + ? | means the character itself; the syntax is RE2's: https://github.com/google/re2/wiki/Syntax`)
})

// jsonPath is a JSONPath (RFC 9535).
var jsonPath = checked(text, checkJSONPath)

func checkJSONPath(s string) (string, string) {
	if !strings.HasPrefix(s, "$") {
		return fmt.Sprintf("%q is not a JSONPath", s), jsonPathHint
	}
	_, err := jp.ParseString(s)
	return fails("a JSONPath", s, err, jsonPathHint)
}

const jsonPathHint = "it begins with $: $.items[0].title"

// zone is an IANA time zone.
var zone = checked(text, func(s string) (string, string) {
	if _, err := time.LoadLocation(s); err != nil || s == "Local" {
		return fmt.Sprintf("%q is not a time zone", s), "write a name of the IANA database: Asia/Tokyo, UTC"
	}
	return "", ""
})

// variableName is the name of an environment variable. What is none may be the secret itself, and is not shown.
var variableName = func() shape[string] {
	s := pattern("the name of an environment variable", `^[A-Za-z_][A-Za-z0-9_]*$`, "")
	decode := s.decode
	s.decode = func(d *document, n *yaml.Node) (string, bool) {
		was := len(d.errs)
		v, ok := decode(d, n)
		if !ok {
			d.errs = d.errs[:was]
			d.hide(n)
			d.wrong(n, "this is not the name of an environment variable", "write the name, not the secret: letters, digits and underscores")
		}
		return v, ok
	}
	return s
}()

// secret is the name of an environment variable or of a file.
var secret = object[probes.Value]{
	name: "secret", what: "a secret", doc: "A value that stands outside of the definition.",
	fields: []field[probes.Value]{
		key("env", variableName, func(v *probes.Value) *string { return &v.Env }, "Environment variable that holds the value."),
		key("file", file, func(v *probes.Value) *string { return &v.File }, "File that holds the value; a trailing newline is dropped."),
	},
	rules: []rule{one("env", "file")},
}.shape()

// onlySecret is a value that may not stand in a definition.
var onlySecret = reads(secret.want, secret.schema, func(d *document, n *yaml.Node) (probes.Value, bool) {
	if n.Kind == yaml.ScalarNode {
		d.hide(n)
		d.wrong(n, "a secret cannot stand in a definition", "write {env: NAME} for an environment variable or {file: PATH} for a file")
		return probes.Value{}, false
	}
	return secret.decode(d, n)
})

// value is a text, or a secret by name.
var value = either(as(anyText, func(s string) probes.Value { return probes.Value{Text: s} }), secret)

// file is a path; a relative one is relative to the definition file.
var file = reads(text.want, text.schema, func(d *document, n *yaml.Node) (string, bool) {
	s, ok := text.decode(d, n)
	return d.path(s), ok
})
