// Package pattern holds the two small languages that the event services share: event
// patterns, which say what an event must look like, and input templates, which make one
// JSON text from another.
//
// # What it guarantees
//
// [Compile] accepts and refuses what EventBridge does, with EventBridge's own words, and says
// where the pattern is wrong: line and column as EventBridge gives them, and a JSON pointer.
// All comparison operators of
// docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html are run:
// exact values (strings, numbers, true, false, null, the empty string), prefix, suffix,
// equals-ignore-case (alone and inside prefix and suffix), anything-but (values, lists, prefix,
// suffix, equals-ignore-case, wildcard), numeric, cidr, exists, wildcard and $or.
//
// [Pattern.Match] follows the rules of arrays that EventBridge's matcher has: an array in the
// event matches when one of its elements does, and fields of different elements of one array
// never make a match together. exists looks at leaves only; an empty array, an object and a
// missing field are all absent. Names with dots and nested names are the same path. Numbers are
// compared by value; numbers beyond 2^53 only by their text.
//
// [Pattern.Alternatives] tells checkers which fields a pattern asks about and which literal
// values it allows, so that a pattern can be held against a schema.
//
// A compiled pattern and a parsed event are immutable and safe for many tasks.
//
// # Why it is our own
//
// The matcher that EventBridge publishes is a Java library; nothing in Go implements the whole
// language. One parsed event is matched against many patterns, so events are parsed once, into
// a tree that refers to the event's text.
//
// # What it does not do
//
// EventBridge refuses wildcards that cost its matcher too much, by a measure that it does not
// publish. Here a wildcard is refused when the same text follows a wildcard character four times
// or more. Alternatives made by $or are limited to 1,000.
package pattern
