package dynamodb

import (
	"slices"
	"strings"

	"twofold/local/core"
)

// request holds the parameters of an item operation, of a part of a batch or of a part of a
// transaction; they share their names. Pointers are nil for what was not sent.
type request struct {
	table        *string
	key          attributes
	item         attributes
	start        attributes // ExclusiveStartKey
	hasKey       bool
	hasItem      bool
	hasStart     bool
	problem      string // of a value in key or item
	startProblem string

	condition, update, projection, filter, keyCondition *string

	names         map[string]string
	values        attributes
	hasNames      bool
	hasValues     bool
	valuesProblem string
	index         *string
	limit         *int
	segment       *int
	segments      *int
	consistent    bool
	backward      bool
	choice        string // Select
	returns       string // ReturnValues
	returnsFailed string // ReturnValuesOnConditionCheckFailure
	capacity      string // ReturnConsumedCapacity
	metrics       string // ReturnItemCollectionMetrics
	legacy        legacyParameters
	token         string
	parts         []*part // of a transaction
	batch         []batchTable
}

// part is one member of TransactItems: its verbs, of which there must be one.
type part struct {
	verbs []string
	request
}

// batchTable is what a batch asks of one table.
type batchTable struct {
	name   string
	keys   []request // BatchGetItem: key; BatchWriteItem: key or item
	writes []string  // BatchWriteItem: "PutRequest" or "DeleteRequest", as keys; "" when malformed
	request
}

// decodeRequest reads the body of an item operation.
func decodeRequest(call *core.Call) (*request, *core.Error) {
	s := &scanner{text: string(call.Body)}
	r := &request{}
	if s.text == "" {
		s.text = "{}"
	}
	if s.peek() != '{' {
		s.mismatch('{')
	}
	s.object(func(name string) { r.member(s, name) })
	if s.peek() != 0 {
		s.fail("Unexpected character at offset %d", s.at)
	}
	return r, s.err
}

func (r *request) member(s *scanner, name string) {
	if target := r.text(name); target != nil {
		if !s.literal("null") {
			text := s.str()
			*target = &text
		}
		return
	}
	switch name {
	case "Key":
		r.hasKey, r.key = true, s.attributes(r.note, 0, 2)
	case "Item":
		r.hasItem, r.item = true, s.attributes(r.note, 0, 8)
	case "ExclusiveStartKey":
		r.hasStart = s.peek() == '{'
		r.start = s.attributes(func(_, p string) { r.startProblem = first(r.startProblem, p) }, 0, 4)
	case "ExpressionAttributeValues":
		r.hasValues = s.peek() == '{'
		r.values = s.attributes(func(n, p string) { r.valuesProblem = first(r.valuesProblem, p+" for key "+n) }, 0, 4)
	case "ExpressionAttributeNames":
		r.decodeNames(s)
	case "TransactItems":
		r.decodeParts(s)
	case "RequestItems":
		r.decodeBatch(s)
	default:
		r.scalar(s, name)
	}
}

func (r *request) note(_, problem string) { r.problem = first(r.problem, problem) }

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// text is where an optional string parameter goes, or nil.
func (r *request) text(name string) **string {
	switch name {
	case "TableName":
		return &r.table
	case "ConditionExpression":
		return &r.condition
	case "UpdateExpression":
		return &r.update
	case "ProjectionExpression":
		return &r.projection
	case "FilterExpression":
		return &r.filter
	case "KeyConditionExpression":
		return &r.keyCondition
	case "IndexName":
		return &r.index
	}
	return nil
}

func (r *request) scalar(s *scanner, name string) {
	switch name {
	case "Limit":
		r.limit = s.integer()
	case "Segment":
		r.segment = s.integer()
	case "TotalSegments":
		r.segments = s.integer()
	case "ConsistentRead":
		r.consistent = s.boolean()
	case "ScanIndexForward":
		r.backward = !s.literal("null") && !s.boolean()
	case "Select":
		r.choice = s.str()
	case "ReturnValues":
		r.returns = s.str()
	case "ReturnValuesOnConditionCheckFailure":
		r.returnsFailed = s.str()
	case "ReturnConsumedCapacity":
		r.capacity = s.str()
	case "ReturnItemCollectionMetrics":
		r.metrics = s.str()
	case "ClientRequestToken":
		r.token = s.str()
	default:
		if !r.legacy.member(s, name) {
			s.skip() // members that the API does not have are ignored
		}
	}
}

func (r *request) decodeNames(s *scanner) {
	r.hasNames = s.peek() == '{'
	r.names = map[string]string{}
	s.object(func(name string) { r.names[name] = s.str() })
}

func (r *request) decodeParts(s *scanner) {
	r.parts = []*part{}
	s.array(func() {
		p := &part{}
		s.object(func(verb string) {
			if !s.literal("null") {
				p.verbs = append(p.verbs, verb)
				s.object(func(name string) { p.member(s, name) })
			}
		})
		r.parts = append(r.parts, p)
	})
}

func (r *request) decodeBatch(s *scanner) {
	r.batch = []batchTable{}
	s.object(func(table string) {
		b := batchTable{name: table}
		if s.peek() == '[' {
			s.array(func() { b.decodeWrite(s) })
		} else {
			s.object(func(name string) { b.decodeGet(s, name) })
		}
		r.batch = append(r.batch, b)
	})
	slices.SortFunc(r.batch, func(a, b batchTable) int { return strings.Compare(a.name, b.name) })
}

func (b *batchTable) decodeGet(s *scanner, name string) {
	if name != "Keys" {
		b.member(s, name)
		return
	}
	s.array(func() {
		k := request{hasKey: true}
		k.key = s.attributes(k.note, 0, 2)
		b.keys = append(b.keys, k)
	})
}

func (b *batchTable) decodeWrite(s *scanner) {
	var w request
	verbs := []string{}
	s.object(func(verb string) {
		if !s.literal("null") {
			verbs = append(verbs, verb)
			s.object(func(name string) { w.member(s, name) })
		}
	})
	verb := ""
	if len(verbs) == 1 {
		verb = verbs[0]
	}
	b.keys, b.writes = append(b.keys, w), append(b.writes, verb)
}

// tableName is the table's name, from a name or an ARN; "" when none was sent.
func (r *request) tableName() string {
	if r.table == nil {
		return ""
	}
	return nameOfTable(*r.table)
}

func nameOfTable(s string) string {
	if strings.HasPrefix(s, "arn:") {
		return core.NameOf(s)
	}
	return s
}

// bindings checks names and values as such and makes them ready for the expressions.
func (r *request) bindings() (*bindings, *core.Error) {
	if r.hasNames {
		if len(r.names) == 0 {
			return nil, invalid("ExpressionAttributeNames must not be empty")
		}
		if n, bad := noPlaceholder(r.names); bad {
			return nil, invalid(`ExpressionAttributeNames contains invalid key: Syntax error; key: "%s"`, n)
		}
	}
	if r.hasValues {
		if len(r.values) == 0 {
			return nil, invalid("ExpressionAttributeValues must not be empty")
		}
		for _, v := range r.values {
			if !placeholder(v.name, ':') {
				return nil, invalid(`ExpressionAttributeValues contains invalid key: Syntax error; key: "%s"`, v.name)
			}
		}
		if r.valuesProblem != "" {
			return nil, invalid("ExpressionAttributeValues contains invalid value: %s", r.valuesProblem)
		}
	}
	return &bindings{names: r.names, values: r.values}, nil
}

// noPlaceholder is the first of the names, in their order, that is no placeholder for one.
func noPlaceholder(names map[string]string) (first string, found bool) {
	for n := range names {
		if !placeholder(n, '#') && (!found || n < first) {
			first, found = n, true
		}
	}
	return first, found
}

func placeholder(s string, sign byte) bool {
	return len(s) > 1 && s[0] == sign && wordEnd(s, 1) == len(s)
}

// unused reports names and values that no expression used.
func (b *bindings) unused() *core.Error {
	var names, values []string
	for n := range b.names {
		if !slices.Contains(b.usedNames, n) {
			names = append(names, n)
		}
	}
	for _, v := range b.values {
		if !slices.Contains(b.usedValues, v.name) {
			values = append(values, v.name)
		}
	}
	slices.Sort(names)
	if len(names) > 0 {
		return invalid("Value provided in ExpressionAttributeNames unused in expressions: keys: {%s}", strings.Join(names, ", "))
	}
	if len(values) > 0 {
		return invalid("Value provided in ExpressionAttributeValues unused in expressions: keys: {%s}", strings.Join(values, ", "))
	}
	return nil
}

// parameter is an expression parameter by its wire name.
type parameter struct {
	name string
	text *string
}

// checkParameters is the part of validation that looks at which parameters were sent together.
func (r *request) checkParameters(expressions ...parameter) *core.Error {
	var sent, takeValues []string
	for _, e := range expressions {
		if e.text != nil {
			sent = append(sent, e.name)
		}
		if e.name != "ProjectionExpression" {
			takeValues = append(takeValues, e.name)
		}
	}
	if len(r.legacy.sent) > 0 && len(sent) > 0 {
		return invalid("Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {%s} Expression parameters: {%s}",
			strings.Join(r.legacy.sent, ", "), strings.Join(sent, ", "))
	}
	if r.hasNames && len(sent) == 0 {
		return invalid("ExpressionAttributeNames can only be specified when using expressions")
	}
	if r.hasValues && len(takeValues) > 0 && !slices.ContainsFunc(sent, func(n string) bool { return n != "ProjectionExpression" }) {
		are := "is"
		if len(takeValues) > 1 {
			are = "are"
		}
		return invalid("ExpressionAttributeValues can only be specified when using expressions: %s %s null",
			strings.Join(takeValues, " and "), are)
	}
	return r.legacy.check()
}
