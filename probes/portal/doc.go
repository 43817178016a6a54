// Package portal is a stand-in for a public portal: a small Japanese site of our own making whose incidents are scripts,
// for the demo, for replays and for tests. It answers requests as the site stands at a given moment, in process or from
// real servers on loopback; it probes nothing and judges nothing.
package portal
