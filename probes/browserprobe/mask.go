package browserprobe

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"sort"
	"strings"
)

// A masker replaces secrets in what a run hands out, in every form in which a page or a request may show them.
type masker struct {
	secrets  []string
	replacer *strings.Replacer
}

const maskedText = "***"

func newMasker(secrets []string) masker {
	forms := map[string]bool{}
	var kept []string
	for _, s := range secrets {
		if strings.TrimSpace(s) == "" {
			continue
		}
		kept = append(kept, s)
		quoted, _ := json.Marshal(s)
		for _, form := range []string{
			s, url.QueryEscape(s), url.PathEscape(s), html.EscapeString(s), string(quoted[1 : len(quoted)-1]),
			base64.StdEncoding.EncodeToString([]byte(s)), base64.URLEncoding.EncodeToString([]byte(s)),
		} {
			forms[form] = true
		}
	}
	list := make([]string, 0, len(forms))
	for form := range forms {
		list = append(list, form)
	}
	sort.Slice(list, func(i, j int) bool {
		return len(list[i]) > len(list[j]) || len(list[i]) == len(list[j]) && list[i] < list[j]
	})
	pairs := make([]string, 0, 2*len(list))
	for _, form := range list {
		pairs = append(pairs, form, maskedText)
	}
	return masker{secrets: kept, replacer: strings.NewReplacer(pairs...)}
}

func (m masker) mask(text string) string {
	if len(m.secrets) == 0 {
		return text
	}
	return m.replacer.Replace(text)
}
