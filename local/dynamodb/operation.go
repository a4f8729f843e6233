package dynamodb

import (
	"slices"
	"strings"

	"twofold/local/core"
)

// operation is one read or write of one item, checked and ready to run. Single
// requests, batches and transactions are all made of these.
type operation struct {
	verb       string // "Get", "Put", "Update", "Delete" or "ConditionCheck"
	request    *request
	table      *table
	schema     *schema
	key        key
	condition  *node
	actions    []action
	projection []path
	paths      []path // every path of every expression
}

// actions of IAM, by verb, as the service authorization reference maps them.
var permission = map[string]string{"Get": "dynamodb:GetItem", "Put": "dynamodb:PutItem", "Update": "dynamodb:UpdateItem",
	"Delete": "dynamodb:DeleteItem", "ConditionCheck": "dynamodb:ConditionCheckItem"}

// prepare checks a request in DynamoDB's order: parameters, values, expressions, then the
// caller's permission, the table and its key schema. enclosing names the batch
// the operation is part of, for IAM, or is "".
func (s *Service) prepare(call *core.Call, verb string, r *request, enclosing string) (*operation, *core.Error) {
	o, err := s.open(call, verb, r, enclosing)
	if err != nil {
		return nil, err
	}
	return o, o.checkSchema()
}

// open is prepare without the last step.
func (s *Service) open(call *core.Call, verb string, r *request, enclosing string) (*operation, *core.Error) {
	if err := r.checkMembers(verb); err != nil {
		return nil, err
	}
	if verb == "Get" {
		r.values, r.hasValues = nil, false // reads have no such parameter
	}
	o := &operation{verb: verb, request: r}
	if err := o.parse(); err != nil {
		return nil, err
	}
	t, known := s.table(call.Region, r.tableName())
	var err error
	if known {
		o.table, o.schema = t, t.currentSchema()
		action := permission[verb]
		if strings.HasPrefix(enclosing, "dynamodb:Batch") {
			action = enclosing
		}
		err = call.Authorize(action, t.arn, o.conditionKeys(enclosing)...)
	} else {
		err = call.Authorize(permission[verb], core.ARN("dynamodb", call.Region, "table/"+r.tableName()))
	}
	switch {
	case err != nil:
		return nil, coreError(err)
	case !known:
		return nil, notFound()
	}
	return o, nil
}

func notFound() *core.Error {
	return core.Errorf("ResourceNotFoundException", "Requested resource not found")
}

// coreError keeps service errors and turns anything else into an internal one.
func coreError(err error) *core.Error {
	if e, ok := err.(*core.Error); ok {
		return e
	}
	return &core.Error{Code: "InternalServerError", Message: err.Error(), Status: 500}
}

// conditionKeys are the context keys that policies for DynamoDB test most.
func (o *operation) conditionKeys(enclosing string) []core.ConditionKey {
	keys := make([]core.ConditionKey, 0, 3)
	if v := o.source().get(o.schema.hash.name); v != nil {
		keys = append(keys, core.ConditionKey{Name: "dynamodb:LeadingKeys", Values: []string{v.text}})
	}
	if enclosing != "" {
		keys = append(keys, core.ConditionKey{Name: "dynamodb:EnclosingOperation", Values: []string{strings.TrimPrefix(enclosing, "dynamodb:")}})
	}
	if r := o.request.returns; r != "" {
		keys = append(keys, core.ConditionKey{Name: "dynamodb:ReturnValues", Values: []string{r}})
	}
	return keys
}

// source is what carries the key: the item of a put, else the key.
func (o *operation) source() attributes {
	if o.verb == "Put" {
		return o.request.item
	}
	return o.request.key
}

// parse reads the expressions and reports what no expression used.
func (o *operation) parse() *core.Error {
	r := o.request
	err := r.checkParameters(o.parameters()...)
	if err != nil {
		return err
	}
	if r.problem != "" {
		return invalid("%s", r.problem)
	}
	if r.condition == nil && r.update == nil && r.projection == nil {
		o.takeLegacy()
		return nil
	}
	bind, err := r.bindings()
	if err != nil {
		return err
	}
	if err := o.parseExpressions(bind); err != nil {
		return err
	}
	return bind.unused()
}

// takeLegacy lets legacy parameters stand for expressions.
func (o *operation) takeLegacy() {
	switch l := &o.request.legacy; o.verb {
	case "Get":
		o.projection = l.projection()
	case "Update":
		o.actions, o.condition = l.actions(), l.condition(l.expected)
	case "Put", "Delete":
		o.condition = l.condition(l.expected)
	}
}

func (o *operation) parameters() []parameter {
	r := o.request
	switch o.verb {
	case "Get":
		return []parameter{{"ProjectionExpression", r.projection}}
	case "Update":
		return []parameter{{"UpdateExpression", r.update}, {"ConditionExpression", r.condition}}
	}
	return []parameter{{"ConditionExpression", r.condition}}
}

func (o *operation) parseExpressions(bind *bindings) *core.Error {
	r := o.request
	var problem string
	var heads []path
	if r.update != nil && o.verb == "Update" {
		if o.actions, heads, problem = parseUpdate(*r.update, bind); problem != "" {
			return invalid("Invalid UpdateExpression: %s", problem)
		}
		o.paths = append(o.paths, heads...)
	}
	if r.condition != nil && o.verb != "Get" {
		if o.condition, heads, problem = parseCondition(*r.condition, bind); problem != "" {
			return invalid("Invalid ConditionExpression: %s", problem)
		}
		o.paths = append(o.paths, heads...)
	}
	if r.projection != nil && o.verb == "Get" {
		if o.projection, problem = parseProjection(*r.projection, bind); problem != "" {
			return invalid("Invalid ProjectionExpression: %s", problem)
		}
		o.paths = append(o.paths, o.projection...)
	}
	return nil
}

// checkSchema checks the key and the item against the table and places the operation.
func (o *operation) checkSchema() *core.Error {
	if err := o.place(); err != nil {
		return err
	}
	return o.checkItem()
}

// place checks the key against the table and places the operation.
func (o *operation) place() *core.Error {
	check := o.schema.checkKey
	if o.verb == "Put" {
		check = o.schema.checkItem
	}
	if err := check(o.source()); err != nil {
		return err
	}
	for _, a := range o.actions {
		if slices.Contains(o.schema.keyNames(), a.path[0].name) {
			return invalid("One or more parameter values were invalid: Cannot update attribute %s. This attribute is part of the key", a.path[0].name)
		}
	}
	o.key = o.schema.keyOf(o.source())
	return o.schema.checkPaths(o.paths)
}

// checkItem checks the item of a Put but for its key.
func (o *operation) checkItem() *core.Error {
	if o.verb != "Put" {
		return nil
	}
	if err := o.schema.checkIndexKeys(o.request.item); err != nil {
		return err
	}
	if o.request.item.size() > maxItem {
		return invalid("Item size has exceeded the maximum allowed size")
	}
	return nil
}

// holds reports whether the condition of the operation, if any, is met by the current item.
func (o *operation) holds(current attributes) bool {
	return o.condition == nil || o.condition.holds(current)
}

// result is the item that a write leaves behind, nil for none.
func (o *operation) result(current attributes) (attributes, *core.Error) {
	switch o.verb {
	case "Put":
		return o.request.item, nil
	case "Delete":
		return nil, nil
	case "Update":
		return o.updated(current)
	}
	return current, nil
}

func (o *operation) updated(current attributes) (attributes, *core.Error) {
	base := current
	if base == nil {
		base = o.request.key
	}
	next, err := applyUpdate(base, o.actions)
	if err != nil {
		return nil, err
	}
	if err := o.schema.checkIndexKeys(next); err != nil {
		return nil, err
	}
	if next.size() > maxItem {
		return nil, invalid("Item size to update has exceeded the maximum allowed size")
	}
	return next, nil
}

// conditionFailed is the error of a condition that was not met.
func (o *operation) conditionFailed(current attributes) *core.Error {
	err := core.Errorf("ConditionalCheckFailedException", "The conditional request failed")
	if o.request.returnsFailed == "ALL_OLD" && current != nil {
		err.Fields = map[string]any{"Item": rawItem(current)}
	}
	return err
}
