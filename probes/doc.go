// Package probes is the vocabulary of mynaprobe: probes, results, outcomes, reasons, notices and outage windows as
// plain Go values, with the rules that each of them obeys on its own.
// It does no I/O, reads no clock, and imports no other package of this module; everything that touches the network, the
// disk or the time lives in a room below it.
package probes
