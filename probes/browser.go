package probes

import "time"

// BrowserSettings say which browser is used, and how.
type BrowserSettings struct {
	// URL is a remote DevTools endpoint (http:// or ws://) to use instead of a Chrome of our own.
	URL Value
	// Path is the browser's executable; empty to find one.
	Path string
	// SandboxOff runs Chrome without its sandbox.
	SandboxOff bool
	// Slots is how many runs may use the browser at once; 0 for the default.
	Slots int
	// RecycleAfter is the number of runs after which Chrome is replaced, MaxMemory the resident bytes of its process tree
	// past which it is; 0 for the defaults.
	RecycleAfter int
	MaxMemory    int64
}

// Browser is the definition of a browser probe.
type Browser struct {
	Steps []Step
	// Device is "desktop" (the default), "iphone" or "android".
	Device string
	// Locale (BCP 47) and TimeZone (IANA) that the page sees; ja-JP and Asia/Tokyo by default.
	Locale   string
	TimeZone string
	// Width and Height override the device's viewport, in CSS pixels.
	Width, Height int
	Headers       []Header
	Cookies       []Cookie
	// FirstParty are further hosts of the target's own ("example.jp", ".example.jp" for all below it).
	FirstParty []string
	// FailOnThirdParty makes failing requests of third parties failures of the probe; FailOnScriptError does so for
	// uncaught errors in the page; FailOnFirstParty for failing requests of the first party's own scripts, styles and
	// data (on unless the definition turns it off).
	FailOnThirdParty  bool
	FailOnScriptError bool
	FailOnFirstParty  bool
	Maintenance       Patterns
}

// Cookie is set before the first step.
type Cookie struct {
	Name   string
	Value  Value
	Domain string
	Path   string
}

// Action is what a step does.
type Action string

// The actions of a step.
const (
	ActionOpen       Action = "open"       // Value: the URL
	ActionClick      Action = "click"      // Target
	ActionFill       Action = "fill"       // Target, Value
	ActionSelect     Action = "select"     // Target, Value: an option's value or text
	ActionCheck      Action = "check"      // Target: a checkbox or radio button
	ActionUncheck    Action = "uncheck"    // Target
	ActionPress      Action = "press"      // Value: a key ("Enter", "Tab", "Control+a"), Target optional
	ActionUpload     Action = "upload"     // Target, Value: a file's path
	ActionHover      Action = "hover"      // Target
	ActionScroll     Action = "scroll"     // Target, or Value: "bottom", "top"
	ActionWait       Action = "wait"       // Wait
	ActionSee        Action = "see"        // Target
	ActionDontSee    Action = "dont_see"   // Target
	ActionEvaluate   Action = "evaluate"   // Value: a JavaScript expression that must become true
	ActionFrame      Action = "frame"      // Target: the iframe that later steps work in; empty for the page
	ActionTab        Action = "tab"        // go on in the tab that the last step opened, or in a new one at the URL Value
	ActionBack       Action = "back"       //
	ActionScreenshot Action = "screenshot" //
)

// A Step is one thing a browser probe does or looks for. Each waits for what it needs, up to its timeout.
type Step struct {
	// Name is the step's name in results and metrics; made from the action and its place where the definition gives none.
	Name    string
	Action  Action
	Target  Target
	Value   Value
	Wait    Wait
	Timeout time.Duration
	// Must keeps a failing see or dont_see "down", where a text that alone went missing might be a redesign.
	Must bool
}

// Interacts reports whether the step acts on the page, as against only looking at it.
func (s Step) Interacts() bool {
	switch s.Action {
	case ActionOpen, ActionWait, ActionSee, ActionDontSee, ActionScreenshot, ActionFrame, ActionScroll:
		return false
	}
	return true
}

// Target names elements of a page. All that is given must hold of an element; nothing given is the whole page.
type Target struct {
	Selector string // CSS; "host >>> part" looks inside of the shadow trees of the hosts
	Text     string // visible text that contains this, after folding
	Role     string // WAI-ARIA role
	Name     string // accessible name (with Role)
	Label    string // the text of the label of a form field
	Nth      int    // which of several, from 1; 0 for the first
}

// Wait is what a wait step waits for. Exactly one is set.
type Wait struct {
	Visible *Target
	Hidden  *Target
	Text    string
	// Count waits until Min to Max elements match (Max 0: no upper bound).
	Count *WaitCount
	// URL is a part of the page's address.
	URL string
	// Quiet is how long no request may have been under way.
	Quiet time.Duration
}

// WaitCount waits for a number of elements.
type WaitCount struct {
	Selector string
	Min, Max int
}
