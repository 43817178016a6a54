// Package browserprobe runs browser probes: it drives pages in a Chrome of its own, or in a remote one, as a person
// would, and returns what it saw as a probes.Result with its evidence.
// It keeps no history, writes no metric, no log of runs and no evidence file, and does not judge what one run cannot know.
package browserprobe
