// Package web serves what the prober knows: the status page, the JSON API, evidence, metrics, a probe on demand, health
// and reload.
// It judges nothing and keeps nothing but the last answer on demand; what it shows comes from its Source, and what
// /metrics says from the handler that it is given.
package web
