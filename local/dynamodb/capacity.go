package dynamodb

import (
	"slices"
	"strconv"
	"strings"

	"twofold/local/core"
)

// The meter's units. A write to a global table is a replicated one in every region it reaches;
// writes to its indexes are not.
const (
	unitWrite      core.Unit = "dynamodb:WRU"
	unitReplicated core.Unit = "dynamodb:ReplicatedWRU"
	unitRead       core.Unit = "dynamodb:RRU"
	unitStreamRead core.Unit = "dynamodb:StreamReads"
	unitTransfer   core.Unit = "transfer:Byte" // carried by replication to another region
)

// usage is the capacity that a request used on one table.
type usage struct {
	table   string
	base    float64
	indexes []indexUsage
}

type indexUsage struct {
	name   string
	global bool
	units  float64
}

func (u *usage) total() float64 {
	n := u.base
	for _, x := range u.indexes {
		n += x.units
	}
	return n
}

func (u *usage) addIndex(x *indexSchema, units float64) {
	if units == 0 {
		return
	}
	for i := range u.indexes {
		if u.indexes[i].name == x.name {
			u.indexes[i].units += units
			return
		}
	}
	u.indexes = append(u.indexes, indexUsage{x.name, x.global, units})
}

func writeUnits(size int) float64 { return float64(max(1, (size+1023)/1024)) }

// readUnits is for strongly consistent reads; the others cost half.
func readUnits(size int, consistent bool) float64 {
	n := float64(max(1, (size+4095)/4096))
	if consistent {
		return n
	}
	return n / 2
}

// addWrite adds a write that made next of old; factor is 2 in a transaction.
func (u *usage) addWrite(def *schema, old, next attributes, factor float64) {
	u.base += factor * writeUnits(max(old.size(), next.size()))
	for i := range def.indexes {
		x := &def.indexes[i]
		u.addIndex(x, factor*x.writeUnits(old, next))
	}
}

// writeUnits is what a write costs on an index: nothing if the index does not change, one write to
// put, update or delete an entry, and two when its key changes.
func (x *indexSchema) writeUnits(old, next attributes) float64 {
	was, had := x.keyOf(old, key{})
	is, has := x.keyOf(next, key{})
	switch {
	case !had && !has:
		return 0
	case !had:
		return writeUnits(x.project(next).size())
	case !has:
		return writeUnits(x.project(old).size())
	}
	before, after := x.project(old), x.project(next)
	if was != is {
		return writeUnits(before.size()) + writeUnits(after.size())
	}
	if before.equal(after) {
		return 0
	}
	return writeUnits(max(before.size(), after.size()))
}

// usages are the capacities of a request, by table name.
type usages []*usage

func (l *usages) of(table string) *usage {
	i, ok := slices.BinarySearchFunc(*l, table, func(u *usage, n string) int { return strings.Compare(u.table, n) })
	if !ok {
		*l = slices.Insert(*l, i, &usage{table: table})
	}
	return (*l)[i]
}

// meterWrites counts the written units; global says whether the table is a global one.
func (s *Service) meterWrites(region string, u *usage, global bool) {
	if global {
		s.cloud.Meter.AddFor(region, unitReplicated, u.table, u.base)
		if rest := u.total() - u.base; rest > 0 {
			s.cloud.Meter.AddFor(region, unitWrite, u.table+", indexes", rest)
		}
		return
	}
	s.cloud.Meter.AddFor(region, unitWrite, u.table, u.total())
}

// capacity writes a ConsumedCapacity value; mode is ReturnConsumedCapacity.
func (u *usage) append(b []byte, mode string) []byte {
	b = append(b, `{"TableName":`...)
	b = appendString(b, u.table)
	b = appendUnits(append(b, `,"CapacityUnits":`...), u.total())
	if mode == "INDEXES" {
		b = append(appendUnits(append(b, `,"Table":{"CapacityUnits":`...), u.base), '}')
		b = u.appendIndexes(b, "GlobalSecondaryIndexes", true)
		b = u.appendIndexes(b, "LocalSecondaryIndexes", false)
	}
	return append(b, '}')
}

func (u *usage) appendIndexes(b []byte, member string, global bool) []byte {
	open := false
	for _, x := range u.indexes {
		if x.global != global {
			continue
		}
		if !open {
			b = append(append(append(b, `,"`...), member...), `":{`...)
			open = true
		} else {
			b = append(b, ',')
		}
		b = appendString(b, x.name)
		b = append(appendUnits(append(b, `:{"CapacityUnits":`...), x.units), '}')
	}
	if open {
		b = append(b, '}')
	}
	return b
}

func appendUnits(b []byte, n float64) []byte { return strconv.AppendFloat(b, n, 'f', 1, 64) }

// wanted reports whether ReturnConsumedCapacity asks for an answer.
func wanted(mode string) bool { return mode == "TOTAL" || mode == "INDEXES" }

// capacity adds ConsumedCapacity of a request on one table.
func (a *answer) capacity(u *usage, mode string) {
	if wanted(mode) {
		a.key("ConsumedCapacity")
		a.b = u.append(a.b, mode)
	}
}

// capacities adds ConsumedCapacity of a request on several tables.
func (a *answer) capacities(l usages, mode string) {
	if !wanted(mode) {
		return
	}
	a.key("ConsumedCapacity")
	a.b = append(a.b, '[')
	for i, u := range l {
		if i > 0 {
			a.b = append(a.b, ',')
		}
		a.b = u.append(a.b, mode)
	}
	a.b = append(a.b, ']')
}
