// Package states is AWS Step Functions for the local cloud: the Amazon States
// Language with JSONPath, and the API under the signing name "states".
//
// # What it guarantees
//
// A state machine's definition is compiled once, when it is created; a definition with
// a mistake, or with a part that the local cloud does not run, is refused there with the
// state's place in it (see [Validate]). Every state type, path, intrinsic function, choice
// operator, retrier and catcher of JSONPath machines is run as the States Language
// (https://states-language.net) and AWS's developer guide describe them. Numbers and
// the order of members pass through unchanged: a document is kept as the text's own
// numbers and ordered members, never as float64 and map.
//
// An execution is two tasks of the scheduler in the machine's region: one runs the
// states, one waits for its end, its time-out or its StopExecution. It stops where it
// stands while the region is lost and vanishes with a region that is lost for good.
// A call in flight when its state or execution times out is not taken back, as on AWS:
// the function goes on, its answer is dropped.
//
// STANDARD executions run once per name and keep a history of at most 25,000 events.
// EXPRESS executions are limited to five minutes, leave nothing behind but a journal
// entry ([Ended]), and run twice where [Options].Duplicate says so.
//
// Paths are evaluated by this package. Step Functions stands on Jayway JsonPath, whose
// rules differ from RFC 9535 and from Go libraries in what matters here: a definite path without
// a match is an error whose text names the place, an indefinite one gives a list; filters
// know =~, in, nin, subsetof, anyof, noneof, size and empty; and none of the libraries walks ordered documents.
//
// # What it does not do
//
// JSONata, distributed Map, activities, task tokens, .sync and nested .sync are refused
// at creation. Redrive, map runs, TestState and encryption keys are not run. Standard
// executions emit no "Execution Status Change" events. Function calls go
// through [Options].Invoke, which also authorizes them; the other integrations go through
// [core.Cloud.Do] as the machine's role.
package states
