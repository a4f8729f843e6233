package dynamodb

import "strings"

var updateKeywords = []string{"SET", "REMOVE", "ADD", "DELETE"}

// action is one clause of an update expression.
type action struct {
	verb string // "SET", "REMOVE", "ADD" or "DELETE"
	path path
	to   *setter // SET
	val  *value  // ADD, DELETE

	legacy bool // of AttributeUpdates, whose faults have words of their own
}

// setter is the right side of a SET: a path, a value, a function, or a sum or difference.
type setter struct {
	op   string // "path", "value", "if_not_exists", "list_append", "+", "-"
	path path
	val  *value
	kids []*setter
	wrap bool
}

// kind is the type the right side has for sure, or kindNone.
func (s *setter) kind() kind {
	switch s.op {
	case "value":
		if s.val != nil {
			return s.val.kind
		}
	case "list_append":
		return kindL
	case "+", "-":
		return kindN
	}
	return kindNone
}

// parseUpdate reads an UpdateExpression:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
func parseUpdate(src string, bind *bindings) ([]action, []path, string) {
	p := newParser(src, updateKeywords, bind)
	var out []action
	seen := map[string]bool{}
	for !p.broken() {
		verb := strings.ToUpper(p.peek().text)
		if p.peek().kind != tokenWord || !p.isKeyword(verb) {
			p.fail()
			break
		}
		p.at++
		if seen[verb] {
			p.fault(faultSection, `The "`+verb+`" section can only be used once in an update expression;`)
		}
		seen[verb] = true
		out = p.section(verb, out)
		if p.peek().kind == tokenEnd {
			break
		}
	}
	return out, p.heads, p.problem()
}

func (p *parser) section(verb string, out []action) []action {
	for !p.broken() {
		a := action{verb: verb, path: p.path()}
		if !p.broken() {
			p.distinctPath(a.path)
		}
		switch verb {
		case "SET":
			p.expect("=")
			a.to = p.setter()
		case "ADD", "DELETE":
			a.val = p.value()
			p.checkSetOperand(verb, a.val)
		}
		out = append(out, a)
		if !p.symbol(",") {
			break
		}
	}
	return out
}

func (p *parser) checkSetOperand(verb string, v *value) {
	if v == nil || v.kind.member() != kindNone || verb == "ADD" && v.kind == kindN {
		return
	}
	p.fault(faultOperand, "Incorrect operand type for operator or function; operator: "+verb+", operand type: "+longKind(v.kind)+
		", typeSet: ALLOWED_FOR_"+verb+"_OPERAND")
}

// longKind is a type as some messages spell it.
func longKind(k kind) string {
	return map[kind]string{kindS: "STRING", kindN: "NUMBER", kindB: "BINARY", kindBOOL: "BOOLEAN", kindNULL: "NULL", kindM: "MAP", kindL: "LIST"}[k]
}

// setter reads the right side of a SET: one operand, or two with + or - between them.
func (p *parser) setter() *setter {
	left := p.setOperand(p.setter)
	op := p.peek().text
	if p.peek().kind != tokenSymbol || op != "+" && op != "-" {
		return left
	}
	if left.op == "+" || left.op == "-" {
		p.fail() // only the whole right side may be a sum
		return left
	}
	p.at++
	n := &setter{op: op, kids: []*setter{left, p.plainOperand()}}
	p.checkSetter(n)
	return n
}

// plainOperand is an operand that is no sum.
func (p *parser) plainOperand() *setter { return p.setOperand(p.plainOperand) }

// setOperand reads an operand; inside reads what stands in parentheses.
func (p *parser) setOperand(inside func() *setter) *setter {
	switch {
	case p.symbol("("):
		n := inside()
		p.expect(")")
		if !p.broken() && n.wrap {
			p.fault(faultParens, "The expression has redundant parentheses;")
		}
		n.wrap = true
		return n
	case p.peek().kind == tokenValue:
		return &setter{op: "value", val: p.value()}
	case p.atCall():
		return p.setFunction()
	case p.atPath():
		return &setter{op: "path", path: p.path()}
	}
	p.fail()
	return &setter{}
}

func (p *parser) setFunction() *setter {
	n := &setter{op: p.peek().text}
	p.at += 2
	for !p.broken() {
		n.kids = append(n.kids, p.plainOperand())
		if !p.symbol(",") {
			p.expect(")")
			break
		}
	}
	if !p.broken() {
		p.checkSetter(n)
	}
	return n
}

func (p *parser) checkSetter(n *setter) {
	want := kindNone
	switch {
	case operandCount(n.op) > 0:
		p.fault(faultFunction, "The function is not allowed in an update expression; function: "+n.op)
		return
	case n.op == "list_append":
		want = kindL
	case n.op == "+" || n.op == "-":
		want = kindN
	case n.op != "if_not_exists":
		p.fault(faultFunction, "Invalid function name; function: "+n.op)
		return
	}
	if len(n.kids) != 2 {
		p.fault(faultCount, wrongCount(n.op, len(n.kids)))
		return
	}
	if want == kindNone && n.kids[0].op != "path" {
		p.fault(faultOperand, "Operator or function requires a document path; operator or function: "+n.op)
	}
	for _, k := range n.kids {
		if t := k.kind(); want != kindNone && t != kindNone && t != want {
			p.fault(faultOperand, badOperand(n.op, t.String()))
		}
	}
}
