package portal

import (
	"time"
)

// A Script is an incident as data: how the portal stands at each moment from its start to its end.
type Script struct {
	// Name is that of the file, without directory and extension.
	Name  string
	Title string
	// About says where the incident is known from, and what of it is our own invention.
	About string
	// Start is the moment, in absolute time, of a script that replays a real incident; zero for one that may begin at
	// any time.
	Start  time.Time
	Length time.Duration
	// Flow is the journey that the incident is about.
	Flow Flow
	// Hidden are the stages that a prober cannot exercise from outside, because they have no public end point. Their
	// pages can be seen all the same.
	Hidden []Stage
	// Every is the interval of the definitions that fit the script.
	Every time.Duration

	site    Site
	notices []noticeEdit
	events  []event
}

// Flow names the journey in the definitions that fit the portal.
type Flow struct {
	Name     string   `yaml:"name"`
	Title    string   `yaml:"title"`
	Services []string `yaml:"services"`
	Critical []Stage  `yaml:"critical"`
}

// Site is what the portal and the service behind its form call themselves.
type Site struct {
	Name    string `yaml:"name"`
	Service string `yaml:"service"`
}

// Stage is a part of the portal that can fail by itself.
type Stage string

// The stages of the portal.
const (
	StagePortal  Stage = "portal"  // the top page
	StageLogin   Stage = "login"   // the login door
	StageGuide   Stage = "guide"   // the guide of the service
	StageApply   Stage = "apply"   // the application form and its JSON API
	StageNotices Stage = "notices" // the notice list, as page and as JSON, and the pages behind its items
	StageFeed    Stage = "feed"    // the RSS feed of the same notices
	StageFAQ     Stage = "faq"     // questions and answers
	StageControl Stage = "control" // a static page: is the host up at all?
)

// Stages returns every stage, in the order of the journey.
func Stages() []Stage {
	return []Stage{StagePortal, StageLogin, StageGuide, StageApply, StageNotices, StageFeed, StageFAQ, StageControl}
}

// everywhere names all stages at once in a script.
const everywhere Stage = "all"

type event struct {
	at       time.Duration
	phase    string
	say      string
	site     *Site
	stages   map[Stage]Condition
	publish  []noticeEdit
	edit     []noticeEdit
	withdraw []string
}

type noticeEdit struct {
	id    string
	at    time.Duration // when it was published, where that is not the moment of the event
	title string
	text  string
}

// A State is how a stage answers.
type State string

// The states of a stage.
const (
	Normal State = "normal"
	// Slow answers after Delay.
	Slow State = "slow"
	// Status answers with an error page of the given code, and Retry-After where one is given.
	Status State = "status"
	// Maintenance answers 200 with a page that says so.
	Maintenance State = "maintenance"
	// Provisional (apply) takes applications and never finishes them, while all pages are green.
	Provisional State = "provisional"
	// Closed (apply) turns applications away at the API, while all pages are green.
	Closed State = "closed"
	// Blocked refuses as a web application firewall does: 403 with its marks, or 429 with status: 429.
	Blocked State = "blocked"
	// ScriptError answers a page whose JavaScript throws before it has built the content.
	ScriptError State = "script"
	// Redesign is the same page in a new layout with new headings; nothing is broken.
	Redesign State = "redesign"
	// Moved redirects to a new path of the same host, where the page is as it was.
	Moved State = "moved"
	// Empty (notices, feed) lists nothing, without an error.
	Empty State = "empty"
	// Layout (notices) lists the same notices in other markup.
	Layout State = "layout"
	// Broken (feed) is cut off in the middle and not well-formed.
	Broken State = "broken"
	// Reset breaks the connection off, Hang never answers.
	Reset State = "reset"
	Hang  State = "hang"
	// Refused (all stages at once) refuses connections; Certificate (likewise) presents one that has expired.
	Refused     State = "refused"
	Certificate State = "certificate"
)

// A Condition is a state with its particulars.
type Condition struct {
	State State
	// Code is the status code of Status and Blocked; 503 and 403 where the script gives none.
	Code int
	// RetryAfter is sent with Status and Blocked; 0 for none.
	RetryAfter time.Duration
	// Delay is how long Slow takes, besides the usual time of an answer.
	Delay time.Duration
}
