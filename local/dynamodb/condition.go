package dynamodb

import "strings"

// node is one part of a condition: an operand (a path, a value, size(...)) or a condition over
// operands or other conditions.
type node struct {
	op   string // "path", "value", "and", "or", "not", "in", "between", a comparator, or a function's name
	kids []*node
	path path
	val  *value
	call bool // a function call
	wrap bool // it stood directly in parentheses
}

var conditionKeywords = []string{"AND", "OR", "NOT", "BETWEEN", "IN"}

// condition reports whether the node has a truth value.
func (n *node) condition() bool {
	return n.op != "path" && n.op != "value" && n.op != "size"
}

// kind is the type the node has for sure, or kindNone.
func (n *node) kind() kind {
	switch {
	case n.op == "value" && n.val != nil:
		return n.val.kind
	case n.op == "size":
		return kindN
	case n.call:
		return kindBOOL
	}
	return kindNone
}

// parseCondition reads a condition, filter or key condition expression, whose grammar is one:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
// It also gives every path that the expression names.
func parseCondition(src string, bind *bindings) (*node, []path, string) {
	p := newParser(src, conditionKeywords, bind)
	n := p.or()
	if !p.broken() {
		p.end()
		p.wantCondition(n)
	}
	if !p.broken() && p.operators > maxOperators {
		p.fault(faultParens, "The expression contains too many operators; operator count: "+itoa(p.operators))
	}
	return n, p.heads, p.problem()
}

func (p *parser) or() *node {
	return p.chain("or", p.and)
}

func (p *parser) and() *node {
	return p.chain("and", p.not)
}

func (p *parser) chain(word string, next func() *node) *node {
	left := next()
	for !p.broken() && p.peek().kind == tokenWord && strings.EqualFold(p.peek().text, word) {
		p.wantCondition(left)
		p.at++
		p.operators++
		right := next()
		p.wantCondition(right)
		left = &node{op: word, kids: []*node{left, right}}
	}
	return left
}

func (p *parser) not() *node {
	if !p.keyword("not") {
		return p.comparison()
	}
	p.operators++
	n := p.not()
	p.wantCondition(n)
	return &node{op: "not", kids: []*node{n}}
}

// wantCondition refuses an operand where a truth value must stand.
func (p *parser) wantCondition(n *node) {
	if p.broken() || n.condition() {
		return
	}
	if n.op == "size" {
		p.fault(faultMisuse, misuse("size"))
		return
	}
	p.fail()
}

func misuse(function string) string {
	return "The function is not allowed to be used this way in an expression; function: " + function
}

func (p *parser) comparison() *node {
	left := p.primary()
	if p.broken() {
		return left
	}
	t := p.peek()
	switch {
	case t.kind == tokenSymbol && isComparator(t.text):
		p.at++
		return p.compare(left, t.text)
	case p.keyword("between"):
		return p.between(left)
	case p.keyword("in"):
		return p.in(left)
	}
	if !left.condition() && left.op != "size" && !p.insideParens() {
		p.fail()
	}
	return left
}

// insideParens reports whether an operand may end here because a parenthesis or list does.
func (p *parser) insideParens() bool {
	t := p.peek()
	return t.kind == tokenSymbol && (t.text == ")" || t.text == ",")
}

func isComparator(s string) bool {
	switch s {
	case "=", "<>", "<", "<=", ">", ">=":
		return true
	}
	return false
}

func (p *parser) compare(left *node, op string) *node {
	right := p.primary()
	p.operators++
	n := &node{op: op, kids: []*node{left, right}}
	if p.broken() {
		return n
	}
	p.wantOperands(n.kids...)
	p.distinctOperands(op, n.kids)
	if op != "=" && op != "<>" {
		p.wantOrdered(op, n.kids...)
	}
	return n
}

// wantOrdered refuses literals that have no order.
func (p *parser) wantOrdered(op string, operands ...*node) {
	for _, n := range operands {
		if k := n.kind(); k != kindNone && !k.ordered() {
			p.fault(faultOperand, badOperand(op, k.String()))
		}
	}
}

func badOperand(op, kind string) string {
	return "Incorrect operand type for operator or function; operator or function: " + op + ", operand type: " + kind
}

// wantOperands refuses conditions where values must stand.
func (p *parser) wantOperands(operands ...*node) {
	for _, n := range operands {
		switch {
		case n.call && n.condition():
			p.fault(faultMisuse, misuse(n.op))
		case n.condition():
			p.fail()
		}
	}
}

func (p *parser) distinctOperands(op string, kids []*node) {
	for _, k := range kids[min(1, len(kids)):] {
		if kids[0].op == "path" && k.op == "path" && kids[0].path.equal(k.path) {
			p.fault(faultDistinct, "The first operand must be distinct from the remaining operands for this operator or function; operator: "+
				op+", first operand: "+kids[0].path.String())
		}
	}
}

func (p *parser) between(left *node) *node {
	low := p.primary()
	if !p.keyword("and") {
		p.fail()
	}
	high := p.primary()
	p.operators++
	n := &node{op: "between", kids: []*node{left, low, high}}
	if p.broken() {
		return n
	}
	p.wantOperands(n.kids...)
	p.wantOrdered("BETWEEN", n.kids...)
	if low.val != nil && high.val != nil {
		p.wantRange(low.val, high.val)
	}
	return n
}

func (p *parser) wantRange(low, high *value) {
	problem := ""
	switch {
	case low.kind != high.kind:
		problem = "The BETWEEN operator requires same data type for lower and upper bounds; "
	case low.kind.ordered() && low.compare(high) > 0:
		problem = "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
	default:
		return
	}
	p.fault(faultOperand, problem+"lower bound operand: AttributeValue: "+brief(low)+", upper bound operand: AttributeValue: "+brief(high))
}

// brief shows a value as messages do: {N:5}.
func brief(v *value) string { return "{" + v.kind.String() + ":" + v.text + "}" }

func (p *parser) in(left *node) *node {
	p.expect("(")
	n := &node{op: "in", kids: append([]*node{left}, p.list()...)}
	p.operators++
	if p.broken() {
		return n
	}
	p.wantOperands(n.kids...)
	p.distinctOperands("IN", n.kids)
	if c := len(n.kids) - 1; c > maxInOperands {
		p.fault(faultCount, "The IN operator is provided with too many operands; number of operands: "+itoa(c))
	}
	return n
}

// list reads operands up to the closing parenthesis.
func (p *parser) list() []*node {
	var out []*node
	for !p.broken() {
		out = append(out, p.primary())
		if !p.symbol(",") {
			p.expect(")")
			break
		}
	}
	return out
}

// primary reads an operand, a function call, or anything in parentheses.
func (p *parser) primary() *node {
	switch {
	case p.symbol("("):
		n := p.or()
		p.expect(")")
		if p.broken() {
			return n
		}
		if n.wrap {
			p.fault(faultParens, "The expression has redundant parentheses;")
		}
		n.wrap = true
		return n
	case p.peek().kind == tokenValue:
		return &node{op: "value", val: p.value()}
	case p.atCall():
		return p.function()
	case p.atPath():
		return &node{op: "path", path: p.path()}
	}
	p.fail()
	return &node{op: "path"}
}

func (p *parser) function() *node {
	n := &node{op: p.peek().text, call: true}
	p.at += 2
	n.kids = p.list()
	p.operators++
	if !p.broken() {
		p.wantOperands(n.kids...)
		p.checkFunction(n)
	}
	return n
}

func operandCount(function string) int {
	switch function {
	case "attribute_exists", "attribute_not_exists", "size":
		return 1
	case "attribute_type", "begins_with", "contains":
		return 2
	}
	return 0
}

func (p *parser) checkFunction(n *node) {
	want := operandCount(n.op)
	switch {
	case want == 0:
		p.fault(faultFunction, "Invalid function name; function: "+n.op)
		return
	case want != len(n.kids):
		p.fault(faultCount, wrongCount(n.op, len(n.kids)))
		return
	}
	p.distinctOperands(n.op, n.kids)
	switch n.op {
	case "attribute_exists", "attribute_not_exists":
		if n.kids[0].op != "path" {
			p.fault(faultOperand, "Operator or function requires a document path; operator or function: "+n.op)
		}
	case "begins_with":
		for _, k := range n.kids {
			if t := k.kind(); t != kindNone && t != kindS && t != kindB {
				p.fault(faultOperand, badOperand(n.op, t.String()))
			}
		}
	case "size":
		if t := n.kids[0].kind(); t == kindN || t == kindBOOL || t == kindNULL {
			p.fault(faultOperand, badOperand(n.op, t.String()))
		}
	case "attribute_type":
		p.checkTypeName(n.kids[1])
	}
}

func wrongCount(op string, n int) string {
	return "Incorrect number of operands for operator or function; operator or function: " + op + ", number of operands: " + itoa(n)
}

func (p *parser) checkTypeName(n *node) {
	switch t := n.kind(); {
	case n.op == "value" && n.val == nil: // reported as undefined
	case t == kindNone:
		p.fault(faultOperand, badOperand("attribute_type", "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"))
	case t != kindS:
		p.fault(faultOperand, badOperand("attribute_type", t.String()))
	case kindOf(n.val.text) == kindNone:
		p.fault(faultOperand, "Invalid attribute type name found; type: "+n.val.text+", valid types: {N,BS,L,B,NULL,M,S,SS,NS,BOOL}")
	}
}
