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
	charges []charge // what a write takes of which partitions
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

func (u *usage) addUnits(x indexUsage) {
	for i := range u.indexes {
		if u.indexes[i].name == x.name {
			u.indexes[i].units += x.units
			return
		}
	}
	u.indexes = append(u.indexes, x)
}

// add adds what another request used of the same table.
func (u *usage) add(o *usage) {
	u.base += o.base
	for _, x := range o.indexes {
		u.addUnits(x)
	}
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

// addWrite adds a write of an item in partition hash that made next of old; factor is 2 in a transaction.
func (u *usage) addWrite(def *schema, hash string, old, next attributes, factor float64) {
	units := factor * writeUnits(max(old.size(), next.size()))
	u.base += units
	u.charges = append(u.charges, charge{partition{"", hash}, units})
	for i := range def.indexes {
		x := &def.indexes[i]
		was, is := x.writeUnits(old, next)
		u.chargeIndex(x, hash, was, factor)
		u.chargeIndex(x, hash, is, factor)
	}
}

// chargeIndex adds the write of an index's entry. Those of a local index stand with their items, in partition hash.
func (u *usage) chargeIndex(x *indexSchema, hash string, c charge, factor float64) {
	if c.units == 0 {
		return
	}
	u.addUnits(indexUsage{x.name, x.global, factor * c.units})
	if !x.global {
		c.at = partition{"", hash}
	}
	u.charges = append(u.charges, charge{c.at, factor * c.units})
}

// writeUnits is what a write costs on an index, where the entry was and where it is: nothing if the index does not change, one write to
// put, update or delete an entry, and two when its key changes.
func (x *indexSchema) writeUnits(old, next attributes) (was, is charge) {
	from, had := x.keyOf(old, key{})
	to, has := x.keyOf(next, key{})
	was.at, is.at = partition{x.name, from.hash}, partition{x.name, to.hash}
	switch {
	case !had && !has:
	case !had:
		is.units = writeUnits(x.project(next).size())
	case !has:
		was.units = writeUnits(x.project(old).size())
	case from != to:
		was.units, is.units = writeUnits(x.project(old).size()), writeUnits(x.project(next).size())
	default:
		if before, after := x.project(old), x.project(next); !before.equal(after) {
			is.units = writeUnits(max(before.size(), after.size()))
		}
	}
	return was, is
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
