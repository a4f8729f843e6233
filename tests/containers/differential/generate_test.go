package differential_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// generator draws requests. names and values collect what the expressions of the current request use.
type generator struct {
	*rand.Rand

	names  map[string]string
	values object
	tops   map[string]bool // attributes that the current update or projection names
	spoilt bool            // the current request has its fault
}

func one[T any](g *generator, of ...T) T { return of[g.IntN(len(of))] }

// chance is true n times out of 100.
func (g *generator) chance(n int) bool { return g.IntN(100) < n }

func (g *generator) fresh() {
	g.names, g.values, g.tops = map[string]string{}, object{}, map[string]bool{}
}

// odd is true now and then, and once in a request at most: which of several faults is named first is nowhere documented.
func (g *generator) odd() bool {
	if g.spoilt || !g.chance(2) {
		return false
	}
	g.spoilt = true
	return true
}

func (g *generator) number() object {
	return object{"N": one(g, "0", "1", "-1", "7", "2.5", "-0.1", "10", "1e20", "0.000", "99999999999999999999999999999999999999", "1E-130", "1.50", "1e126", "x", "")}
}

func (g *generator) text() object { return object{"S": one(g, "", "a", "ab", "b", "z", "äö", "x y")} }

// value is an attribute value; most are right.
func (g *generator) value(depth int) object {
	switch n := g.IntN(13 - min(depth, 2)*2); n {
	case 0, 1:
		return g.text()
	case 2, 3:
		return object{"N": one(g, "0", "1", "-1", "7", "2.5", "10", "100000000000000000000")}
	case 4:
		return object{"BOOL": g.chance(50)}
	case 5:
		return object{"NULL": true}
	case 6:
		return object{"B": one(g, "", "YQ==", "YWI=")}
	case 7:
		return object{"SS": one(g, []string{"a"}, []string{"b", "a"}, []string{"a", "b", "c"}, []string{"", "q"})}
	case 8:
		return g.oddValue(depth)
	case 9:
		return object{"NS": one(g, []string{"1"}, []string{"2", "1"}, []string{"10", "3"})}
	case 10:
		return object{"L": []any{g.value(depth + 1), g.value(depth + 1)}}
	case 11:
		return object{"M": object{"a": g.value(depth + 1), "b": g.value(depth + 1)}}
	}
	return object{"BS": []string{"YQ=="}}
}

// oddValue is one that is refused, or a number in another form: DynamoDB Local keeps those as they are inside of lists.
func (g *generator) oddValue(depth int) object {
	if depth > 0 {
		return g.text()
	}
	for range 3 {
		if g.odd() {
			return g.oddOne()
		}
	}
	return g.text()
}

func (g *generator) oddOne() object {
	return one(g, g.number(), object{}, object{"S": "a", "N": "1"}, object{"SS": []string{}}, object{"SS": []string{"a", "a"}},
		object{"NULL": false}, object{"NS": []string{"1", "1.0"}})
}

func (g *generator) key() object {
	return object{"pk": object{"S": one(g, "p1", "p2", "p3")}, "sk": object{"S": one(g, "a", "b", "c") + one(g, "0", "1")}}
}

// item has the index keys with their right types nearly always.
func (g *generator) item() object {
	item := g.key()
	if g.chance(70) {
		item["g"] = object{"S": one(g, "G", "H")}
	}
	if g.chance(70) {
		item["n"] = object{"N": one(g, "-5", "0", "3", "10", "2.5")}
	}
	if g.odd() {
		item["g"] = object{"N": "1"}
	}
	for _, name := range []string{"x", "y", "z"} {
		if g.chance(60) {
			item[name] = g.value(0)
		}
	}
	if g.chance(50) {
		item["m"] = object{"M": object{"a": g.value(1), "l": object{"L": []any{g.value(1), g.value(1)}}}}
	}
	return item
}

// path is a document path; some go through a placeholder, a few name what has no name.
func (g *generator) path() string {
	top := one(g, "x", "y", "z", "n", "m", "q", "#x", "#m")
	if g.odd() {
		return one(g, "status", "name", "#undefined", "9x", "x.y.z[1]", "x..y", "m.l[99999999999]", "a-b")
	}
	if strings.HasPrefix(top, "#") {
		g.names[top] = top[1:]
	}
	if top == "m" || top == "#m" {
		top += one(g, "", ".a", ".l", ".l[0]", ".l[1]", ".l[7]", ".b", ".a.b")
	}
	return top
}

// literal is a placeholder for a new value.
func (g *generator) literal(v object) string {
	name := fmt.Sprintf(":v%d", len(g.values))
	if g.odd() {
		return ":undefined"
	}
	g.values[name] = v
	return name
}

func (g *generator) operand() string {
	switch g.IntN(10) {
	case 0, 1, 2, 3:
		return g.path()
	case 4:
		return "size(" + g.path() + ")"
	}
	return g.literal(g.value(1))
}

// target is a path that no other target of the update or projection has anything to do with, nearly always.
func (g *generator) target() string {
	for range 50 {
		p := g.path()
		top := strings.TrimPrefix(strings.FieldsFunc(p+" ", func(r rune) bool { return r == '.' || r == '[' || r == ' ' })[0], "#")
		if top == "n" { // DynamoDB Local lets an update give an index key a wrong type, and the tables would differ from there on
			continue
		}
		if !g.tops[top] || g.odd() {
			g.tops[top] = true
			return p
		}
	}
	g.tops[fmt.Sprint("w", len(g.tops))] = true
	return fmt.Sprint("w", len(g.tops))
}

// of is a literal of a type that fits, nearly always.
func (g *generator) of(fitting ...object) string {
	if g.odd() {
		return g.literal(g.value(1))
	}
	return g.literal(one(g, fitting...))
}

// condition is a condition expression.
func (g *generator) condition(depth int) string {
	if depth < 2 && g.chance(35) {
		return one(g, func() string { return g.condition(depth+1) + " AND " + g.condition(depth+1) },
			func() string { return g.condition(depth+1) + " OR " + g.condition(depth+1) },
			func() string { return "NOT " + g.condition(depth+1) },
			func() string { return "(" + g.condition(depth+1) + ")" })()
	}
	switch g.IntN(12) {
	case 0:
		return "attribute_exists(" + g.path() + ")"
	case 1:
		return "attribute_not_exists(" + g.path() + ")"
	case 2:
		return "attribute_type(" + g.path() + ", " + g.literal(object{"S": one(g, "S", "N", "SS", "L", "M", "BOOL", "NULL")}) + ")"
	case 3:
		return "begins_with(" + g.path() + ", " + g.of(object{"S": "a"}, object{"B": "YQ=="}) + ")"
	case 4:
		return "contains(" + g.path() + ", " + g.literal(g.value(1)) + ")"
	case 5:
		return g.path() + " BETWEEN " + g.of(object{"N": "0"}, object{"N": "1"}) + " AND " + g.of(object{"N": "7"}, object{"N": "1"})
	case 6:
		return g.path() + " IN (" + g.literal(g.value(1)) + ", " + g.literal(g.value(1)) + ")"
	}
	if g.chance(50) {
		return g.operand() + " " + one(g, "=", "<>") + " " + g.literal(g.value(1))
	}
	return g.path() + " " + one(g, "<", "<=", ">", ">=") + " " + g.of(object{"N": "1"}, object{"S": "b"}, object{"B": "YQ=="})
}

// update is an update expression.
func (g *generator) update() string {
	var out []string
	for _, verb := range []string{"SET", "REMOVE", "ADD", "DELETE"} {
		if !g.chance(45) {
			continue
		}
		var actions []string
		for range 1 + g.IntN(2) {
			actions = append(actions, g.action(verb))
		}
		out = append(out, verb+" "+strings.Join(actions, ", "))
	}
	if len(out) == 0 {
		return "SET " + g.action("SET")
	}
	return strings.Join(out, " ")
}

func (g *generator) action(verb string) string {
	switch verb {
	case "SET":
		return g.target() + " = " + g.setter()
	case "REMOVE":
		return g.target()
	case "ADD":
		return g.target() + " " + g.of(object{"N": "3"}, object{"SS": []string{"a", "k"}}, object{"NS": []string{"4"}})
	}
	return g.target() + " " + g.of(object{"SS": []string{"a", "b"}}, object{"NS": []string{"1", "2"}})
}

func (g *generator) setter() string {
	switch g.IntN(8) {
	case 0:
		return "if_not_exists(" + g.path() + ", " + g.literal(g.value(1)) + ")"
	case 1:
		return "list_append(" + g.path() + ", " + g.literal(object{"L": []any{g.value(1)}}) + ")"
	case 2:
		return "if_not_exists(" + g.path() + ", " + g.literal(object{"N": "0"}) + ") " + one(g, "+", "-") + " " + g.literal(object{"N": "1.5"})
	case 3:
		return g.path() + " " + one(g, "+", "-") + " " + g.literal(object{"N": one(g, "1", "0.1", "1e30")})
	case 4:
		return g.path()
	}
	return g.literal(g.value(0))
}

func (g *generator) projection() string {
	var paths []string
	for range 1 + g.IntN(3) {
		paths = append(paths, g.target())
	}
	return strings.Join(paths, ", ")
}

// bind adds the names and values that the expressions use; now and then one more.
func (g *generator) bind(body object) object {
	if g.odd() {
		g.names["#unused"] = "u"
	}
	if g.odd() {
		g.values[":unused"] = object{"S": "u"}
	}
	if len(g.names) > 0 {
		body["ExpressionAttributeNames"] = g.names
	}
	if len(g.values) > 0 {
		body["ExpressionAttributeValues"] = g.values
	}
	return body
}
