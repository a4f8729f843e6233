// Package health says whether a region can be used.
//
// A probe looks every minute at what the region's services stand on: each table is read, all in one call and those that it tells nothing of
// again alone, and each provider is called over HTTP. What it found stands in the region's own table health, where GET /health reads it; so the answer costs one read, whoever asks
// and how often. A region is well if everything in the last report is, if that report is younger than three minutes, and if no operator
// has taken the region out.
//
//	health   probe      what the last probe found: at, checks
//	health   operator   there while the region is taken out: reason, at; an operator puts and deletes it
//
// It looks at nothing else: not at queues, alarms or the other region. A provider that is down makes both regions unwell; Route 53 then
// answers with both, as it does whenever all checks fail. Which order fails for what reason is for logs and metrics.
package health
