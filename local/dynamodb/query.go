package dynamodb

import (
	"context"
	"slices"
	"strings"

	"twofold/local/core"
)

// search is a Query or Scan, checked and ready to run.
type search struct {
	request    *request
	scan       bool
	table      *table
	schema     *schema
	index      *indexSchema // nil for the table itself
	within     keyRange     // Query
	filter     *node
	filterTops []string
	projection []path
	start      *key
	fetch      bool // a local index does not hold all that is asked: read the items too
}

func (s *Service) query(_ context.Context, call *core.Call) ([]byte, *core.Error) {
	return s.search(call, false)
}

func (s *Service) scan(_ context.Context, call *core.Call) ([]byte, *core.Error) {
	return s.search(call, true)
}

func (s *Service) search(call *core.Call, scan bool) ([]byte, *core.Error) {
	r, err := decodeRequest(call)
	if err != nil {
		return nil, err
	}
	q, err := s.prepareSearch(call, r, scan)
	if err != nil {
		return nil, err
	}
	p, u, err := q.run()
	if err != nil {
		return nil, err
	}
	s.cloud.Meter.Add(call.Region, unitRead, u.total())
	return q.answer(p, u), nil
}

func (r *request) checkSearch(scan bool) *core.Error {
	var c constraints
	c.present(r.table != nil, "tableName")
	c.name(r.table, "tableName", 1)
	c.name(r.index, "indexName", 3)
	c.one(r.choice, "select", "SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES")
	c.one(r.capacity, "returnConsumedCapacity", "INDEXES", "TOTAL", "NONE")
	if scan && r.segments != nil {
		c.check(*r.segments >= 1, quote(itoa(*r.segments)), "totalSegments", "Member must have value greater than or equal to 1")
		c.check(*r.segments <= 1000000, quote(itoa(*r.segments)), "totalSegments", "Member must have value less than or equal to 1000000")
	}
	if scan && r.segment != nil {
		c.check(*r.segment >= 0, quote(itoa(*r.segment)), "segment", "Member must have value greater than or equal to 0")
	}
	if scan && r.limit != nil {
		c.check(*r.limit >= 1, quote(itoa(*r.limit)), "limit", "Member must have value greater than or equal to 1")
	}
	if err := c.err(); err != nil {
		return err
	}
	if r.limit != nil && *r.limit < 1 { // a Query says it in words of its own
		return invalid("1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1")
	}
	if scan {
		return r.checkSegments()
	}
	return nil
}

func (r *request) checkSegments() *core.Error {
	switch {
	case r.segment != nil && r.segments == nil:
		return invalid("The TotalSegments parameter is required but was not present in the request when Segment parameter is present")
	case r.segment == nil && r.segments != nil:
		return invalid("The Segment parameter is required but was not present in the request when parameter TotalSegments is present")
	case r.segment != nil && *r.segment >= *r.segments:
		return invalid("The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: %d is not less than TotalSegments: %d",
			*r.segment, *r.segments)
	}
	return nil
}

// prepareSearch checks in DynamoDB's order: parameters, expressions, permission, table, index.
func (s *Service) prepareSearch(call *core.Call, r *request, scan bool) (*search, *core.Error) {
	if err := r.checkSearch(scan); err != nil {
		return nil, err
	}
	q := &search{request: r, scan: scan}
	conditions, err := q.parse()
	if err != nil {
		return nil, err
	}
	if err := q.checkSelect(); err != nil {
		return nil, err
	}
	t, known := s.table(call.Region, r.tableName())
	resource := core.ARN("dynamodb", call.Region, "table/"+r.tableName())
	if r.index != nil {
		resource += "/index/" + *r.index
	}
	if err := call.Authorize(q.action(), resource, leadingKeys(conditions)...); err != nil {
		return nil, coreError(err)
	}
	if !known {
		return nil, notFound()
	}
	q.table, q.schema = t, t.currentSchema()
	return q, q.resolve(conditions)
}

func (q *search) action() string {
	if q.scan {
		return "dynamodb:Scan"
	}
	return "dynamodb:Query"
}

// leadingKeys are the partition keys a query names: those compared with "=".
func leadingKeys(conditions []keyCondition) []core.ConditionKey {
	for _, c := range conditions {
		if c.op == "=" {
			return []core.ConditionKey{{Name: "dynamodb:LeadingKeys", Values: []string{c.values[0].text}}}
		}
	}
	return nil
}

func (q *search) parse() ([]keyCondition, *core.Error) {
	r := q.request
	parameters := []parameter{{"ProjectionExpression", r.projection}, {"FilterExpression", r.filter}}
	if !q.scan {
		parameters = append(parameters, parameter{"KeyConditionExpression", r.keyCondition})
	}
	if err := r.checkParameters(parameters...); err != nil {
		return nil, err
	}
	if r.startProblem != "" {
		return nil, invalid("The provided starting key is invalid: %s", r.startProblem)
	}
	if !q.scan && r.keyCondition == nil && len(r.legacy.keyConditions) == 0 {
		return nil, invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
	}
	bind, err := r.bindings()
	if err != nil {
		return nil, err
	}
	conditions, err := q.parseExpressions(bind)
	if err != nil {
		return nil, err
	}
	return conditions, bind.unused()
}

func (q *search) parseExpressions(bind *bindings) (conditions []keyCondition, err *core.Error) {
	r := q.request
	q.filter, q.projection = r.legacy.condition(r.legacy.filter), r.legacy.projection()
	for _, c := range r.legacy.filter {
		q.filterTops = append(q.filterTops, c.name)
	}
	if len(r.legacy.keyConditions) > 0 {
		return r.legacy.onKeys()
	}
	if !q.scan {
		n, _, problem := parseCondition(*r.keyCondition, bind)
		if problem != "" {
			return nil, invalid("Invalid KeyConditionExpression: %s", problem)
		}
		if conditions, err = keyConditions(n); err != nil {
			return nil, err
		}
	}
	if r.filter != nil {
		n, heads, problem := parseCondition(*r.filter, bind)
		if problem != "" {
			return nil, invalid("Invalid FilterExpression: %s", problem)
		}
		q.filter = n
		for _, h := range heads {
			q.filterTops = append(q.filterTops, h[0].name)
		}
	}
	if r.projection != nil {
		var problem string
		if q.projection, problem = parseProjection(*r.projection, bind); problem != "" {
			return nil, invalid("Invalid ProjectionExpression: %s", problem)
		}
	}
	return conditions, nil
}

func (q *search) checkSelect() *core.Error {
	r := q.request
	switch {
	case r.choice == "SPECIFIC_ATTRIBUTES" && r.projection == nil && r.legacy.toGet == nil:
		return invalid("Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES")
	case r.choice == "COUNT" && r.legacy.toGet != nil:
		return invalid("Cannot specify the AttributesToGet when choosing to get only the Count")
	case strings.HasPrefix(r.choice, "ALL") && r.legacy.toGet != nil:
		return invalid("Cannot specify the AttributesToGet when choosing to get %s", r.choice)
	case r.choice == "COUNT" && r.projection != nil:
		return invalid("Cannot specify the ProjectionExpression when choosing to get only the Count")
	case strings.HasPrefix(r.choice, "ALL") && r.projection != nil:
		return invalid("Cannot specify the ProjectionExpression when choosing to get %s", r.choice)
	case r.choice == "ALL_PROJECTED_ATTRIBUTES" && r.index == nil:
		return invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
	}
	return nil
}

// resolve matches the request with the table and index.
func (q *search) resolve(conditions []keyCondition) *core.Error {
	r, hash, sort := q.request, q.schema.hash, q.schema.sort
	if r.index != nil {
		if q.index = q.schema.index(*r.index); q.index == nil {
			return invalid("The table does not have the specified index: %s", *r.index)
		}
		if q.index.global && r.consistent {
			return invalid("Consistent reads are not supported on global secondary indexes")
		}
		hash, sort = q.index.hash, q.index.sort
	}
	if !q.scan {
		var err *core.Error
		if q.within, err = keyRangeOf(conditions, hash, sort); err != nil {
			return err
		}
		for _, name := range q.filterTops {
			if name == hash.name || name == sort.name {
				return invalid("Filter Expression can only contain non-primary key attributes: Primary key attribute: %s", name)
			}
		}
	}
	if err := q.schema.checkPaths(q.projection); err != nil {
		return err
	}
	if err := q.checkProjected(); err != nil {
		return err
	}
	return q.resolveStart()
}

// checkProjected sees to attributes that an index does not hold: a global index cannot give
// them, behind a local one the items are read.
func (q *search) checkProjected() *core.Error {
	x := q.index
	if x == nil || x.projection == "ALL" {
		return nil
	}
	if !q.scan {
		if err := q.checkFiltered(); err != nil {
			return err
		}
	}
	var missing []string
	for _, p := range q.projection {
		if !slices.Contains(x.kept, p[0].name) {
			missing = append(missing, p[0].name)
		}
	}
	everything := q.request.choice == "ALL_ATTRIBUTES"
	if !x.global {
		q.fetch = everything || len(missing) > 0
		return nil
	}
	if everything {
		return invalid("One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index %s because its projection type is not ALL", x.name)
	}
	if len(missing) > 0 {
		return invalid("One or more parameter values were invalid: Global secondary index %s does not project [%s]", x.name, strings.Join(missing, ", "))
	}
	return nil
}

// checkFiltered refuses a filter over attributes that an index does not hold. A Scan is not refused: its
// filter sees the whole item.
func (q *search) checkFiltered() *core.Error {
	var missing []string
	for _, n := range q.filterTops {
		if !slices.Contains(q.index.kept, n) && !slices.Contains(missing, n) {
			missing = append(missing, n)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return invalid("One or more parameter values were invalid: Secondary index %s does not project one or more filter attributes: [%s]",
		q.index.name, strings.Join(missing, ", "))
}

// startNames are the attributes of an ExclusiveStartKey or LastEvaluatedKey.
func (q *search) startNames() []string {
	names := slices.Clone(q.schema.keyNames())
	if q.index != nil {
		for _, n := range q.index.keyNames() {
			if !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	return names
}

func (q *search) resolveStart() *core.Error {
	if !q.request.hasStart {
		return nil
	}
	start := q.request.start
	if len(start) != len(q.startNames()) {
		return invalid("The provided starting key is invalid")
	}
	if err := q.schema.checkKey(start.only(q.schema.keyNames())); err != nil {
		return invalid("The provided starting key is invalid: %s", err.Message)
	}
	k := q.schema.keyOf(start)
	if q.index != nil {
		if q.schema.checkIndexKeys(start) != nil {
			return invalid("The provided starting key is invalid")
		}
		var ok bool
		if k, ok = q.index.keyOf(start, k); !ok {
			return invalid("The provided starting key is invalid")
		}
	}
	q.start = &k
	if q.scan {
		if from, to := q.segment(); k.place < from || k.place > to {
			return invalid("The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. "+
				"TotalSegments: %d Segment: %d", *q.request.segments, *q.request.segment)
		}
		return nil
	}
	if k.hash != q.within.hash {
		return invalid("The provided starting key is outside query boundaries based on provided conditions")
	}
	if q.within.position(k.sort) != 0 {
		return invalid("The provided starting key does not match the range key predicate")
	}
	return nil
}
