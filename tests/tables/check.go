package tables

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Check says what an update from the released shapes to those of now could not do, or would lose by. A table that is new is no fault.
func Check(released, now map[string]Shape) (faults []string) {
	for _, name := range slices.Sorted(maps.Keys(released)) {
		was, is := released[name], now[name]
		say := func(format string, args ...any) { faults = append(faults, name+": "+fmt.Sprintf(format, args...)) }
		switch {
		case is.Kind == "":
			say("it was released and is gone: its data would stay where no template knows it. Keep it until nothing reads it, then remove it here and release")
			continue
		case is.Kind != was.Kind:
			say("it was released as a %s: a %s would replace it, and leave what it holds behind. Make it under another name", was.Kind, is.Kind)
			continue
		case !slices.Equal(is.Key, was.Key):
			say("its key was released as %v: a table's key cannot be changed. Make a table with %v under another name", was.Key, is.Key)
		case !same(is.LocalIndexes, was.LocalIndexes):
			say("its local indexes were released as %v: they are made with the table and cannot be changed. Add a global index", was.LocalIndexes)
		case is.Stream != was.Stream:
			say("its stream was released as %q: %q would be another stream, and what was not read of the old one is lost", was.Stream, is.Stream)
		case is.Expires != was.Expires && is.Expires != "" && was.Expires != "":
			say("items expire by %q since a release: turn that off in one release, and expire by %q from the next", was.Expires, is.Expires)
		}
		faults = append(faults, indexes(name, was.Indexes, is.Indexes)...)
	}
	return faults
}

func same(a, b map[string]Index) bool {
	return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b)
}

// indexes: one is added or removed with each update
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-globaltable.html), and none is changed.
func indexes(table string, was, is map[string]Index) (faults []string) {
	var changes []string
	for _, name := range slices.Sorted(maps.Keys(was)) {
		now, kept := is[name]
		if !kept {
			changes = append(changes, "removes "+name)
		} else if !reflect.DeepEqual(now, was[name]) {
			faults = append(faults, fmt.Sprintf("%s: the index %s was released as %v: an index cannot be changed. Add a new one under another name, and remove %s in a later release", table, name, was[name], name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(is)) {
		if _, had := was[name]; !had {
			changes = append(changes, "adds "+name)
		}
	}
	if len(changes) > 1 {
		faults = append(faults, fmt.Sprintf("%s: this release %s: an update may add or remove one index. Release one, then the next", table, strings.Join(changes, ", ")))
	}
	return faults
}
