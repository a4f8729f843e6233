package pattern

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// operator reads a match expression: an object with one key.
func (c *compiler) operator(e *element) (test, error) {
	if len(e.fields) == 0 {
		return nil, c.fail(e.closing(), "Match expression name not found")
	}
	name, val := e.fields[0].name, e.fields[0].val
	c.pointer = append(c.pointer, name)
	t, err := c.operand(name, val)
	if err != nil {
		return nil, err
	}
	if len(e.fields) > 1 {
		msg := "Only one key allowed in match expression"
		if name == "numeric" || name == "anything-but" {
			msg = "Too many elements in numeric expression"
		}
		return nil, c.fail(e.fields[1].val.loc, "%s", msg)
	}
	c.pointer = c.pointer[:len(c.pointer)-1]
	return t, nil
}

func (c *compiler) operand(name string, val *element) (test, error) {
	switch name {
	case "exactly":
		s, err := c.text(val, "exact match pattern must be a string")
		return exact{kindString, s}, err
	case "prefix", "suffix":
		return c.affix(name, val)
	case "equals-ignore-case":
		s, err := c.text(val, "equals-ignore-case match pattern must be a string")
		return sameFold(s), err
	case "wildcard":
		s, err := c.text(val, "wildcard match pattern must be a string")
		if err != nil {
			return nil, err
		}
		return c.wildcard(s, val)
	case "exists":
		if val.kind != kindBool {
			return nil, c.fail(val.loc, "exists match pattern must be either true or false.")
		}
		return exists(val.text == "true"), nil
	case "cidr":
		s, err := c.text(val, "prefix match pattern must be a string")
		if err != nil {
			return nil, err
		}
		return c.cidr(s)
	case "numeric":
		if val.kind != kindArray {
			return nil, c.fail(val.loc, "Value of numeric must be an array.")
		}
		return c.numeric(val)
	case "anything-but":
		return c.anythingBut(val)
	}
	return nil, c.fail(val.loc, "Unrecognized match type %s", name)
}

func (c *compiler) text(val *element, otherwise string) (string, error) {
	if val.kind != kindString {
		return "", c.fail(val.loc, "%s", otherwise)
	}
	return val.text, nil
}

// affix reads prefix and suffix: a string, or an object with equals-ignore-case.
func (c *compiler) affix(name string, val *element) (test, error) {
	fold := false
	if val.kind == kindObject {
		title := strings.ToUpper(name[:1]) + name[1:]
		if len(val.fields) == 0 {
			return nil, c.fail(val.closing(), "%s expression name not found", title)
		}
		if op := val.fields[0]; op.name != "equals-ignore-case" {
			return nil, c.fail(op.val.loc, "Unsupported %s pattern: %s", name, op.name)
		}
		if len(val.fields) > 1 {
			return nil, c.fail(val.fields[1].val.loc, "Only one key allowed in match expression")
		}
		fold, val = true, val.fields[0].val
		name = "equals-ignore-case"
		s, err := c.text(val, name+" match pattern must be a string")
		return affix{text: s, suffix: title == "Suffix", fold: fold}, err
	}
	s, err := c.text(val, name+" match pattern must be a string")
	return affix{text: s, suffix: name == "suffix"}, err
}

// numeric reads ["=", n], [">", n], [">=", n, "<", m] and the like.
func (c *compiler) numeric(list *element) (test, error) {
	at := func(i int) *element {
		if i < len(list.items) {
			return list.items[i]
		}
		return &element{kind: kindNull, text: "]", loc: list.closing(), end: list.closing()}
	}
	first := at(0)
	if first.kind != kindString {
		return nil, c.fail(first.end, "Invalid member in numeric match: %s", first.text)
	}
	op, r := first.text, rangeTest{}
	if op != "=" && op != "<" && op != "<=" && op != ">" && op != ">=" {
		return nil, c.fail(first.end, "Unrecognized numeric range operator: %s", op)
	}
	if err := c.bound(&r, op, at(1)); err != nil {
		return nil, err
	}
	if len(list.items) == 2 {
		return r, nil
	}
	second := at(2)
	if op[0] != '>' {
		return nil, c.fail(second.loc, "Too many elements in numeric expression")
	}
	if second.kind != kindString {
		return nil, c.fail(second.end, "Bad value in numeric range: %s", second.text)
	}
	if second.text != "<" && second.text != "<=" {
		return nil, c.fail(second.end, "Bad numeric range operator: %s", second.text)
	}
	if err := c.bound(&r, second.text, at(3)); err != nil {
		return nil, err
	}
	if len(list.items) > 4 {
		return nil, c.fail(at(4).loc, "Too many terms in numeric range expression")
	}
	if r.low >= r.high {
		return nil, c.fail(list.closing(), "Bottom must be less than top")
	}
	return r, nil
}

func (c *compiler) bound(r *rangeTest, op string, e *element) error {
	name := op
	if op == "=" {
		name = "equals"
	}
	if e.kind != kindNumber {
		return c.fail(e.loc, "Value of %s must be numeric", name)
	}
	n, err := strconv.ParseFloat(e.text, 64)
	if err != nil {
		return c.fail(e.end, "Cannot compare number : %s", e.text)
	}
	switch op {
	case "=":
		r.low, r.high, r.hasLow, r.hasHigh = n, n, true, true
	case ">", ">=":
		r.low, r.openLow, r.hasLow = n, op == ">", true
	default:
		r.high, r.openHigh, r.hasHigh = n, op == "<", true
	}
	return nil
}

// anythingBut reads a value, a list of values of one type, or an object with one operator.
func (c *compiler) anythingBut(val *element) (test, error) {
	if val.kind == kindObject {
		if len(val.fields) == 0 {
			return nil, c.fail(val.closing(), "Anything-But expression name not found")
		}
		f := val.fields[0]
		c.pointer = append(c.pointer, f.name)
		t, err := c.anythingButOperator(f.name, f.val)
		if err != nil {
			return nil, err
		}
		if len(val.fields) > 1 {
			return nil, c.fail(val.fields[1].val.loc, "Too many elements in numeric expression")
		}
		c.pointer = c.pointer[:len(c.pointer)-1]
		return not{t}, nil
	}
	items, err := c.anythingButItems(val)
	if err != nil {
		return nil, err
	}
	var values []test
	strs, nums := false, false
	for _, e := range items {
		switch e.kind {
		case kindString:
			values, strs = append(values, exact{kindString, e.text}), true
		case kindNumber:
			values, nums = append(values, exactNumber(e.text)), true
		default:
			return nil, c.failTwice(e.loc, "Inside anything but list, start|null|boolean is not supported.")
		}
	}
	if strs == nums {
		return nil, c.fail(val.closing(), "Inside anything but list, either all values are number or string, mixed type is not supported")
	}
	return not{values}, nil
}

func (c *compiler) anythingButItems(val *element) ([]*element, error) {
	switch val.kind {
	case kindArray:
		return val.items, nil
	case kindString, kindNumber:
		return []*element{val}, nil
	}
	return nil, c.fail(val.loc, "Value of anything-but must be an array or single string/number value.")
}

func (c *compiler) anythingButOperator(name string, val *element) ([]test, error) {
	complaint, known := map[string]string{
		"equals-ignore-case": "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
		"prefix":             "prefix/suffix match pattern must be a string",
		"suffix":             "prefix/suffix match pattern must be a string",
		"wildcard":           "wildcard match pattern must be a string",
	}[name]
	if !known {
		return nil, c.fail(val.loc, "Unsupported anything-but pattern: %s", name)
	}
	items, err := c.anythingButItems(val)
	if err != nil {
		return nil, err
	}
	var out []test
	for _, e := range items {
		if e.kind != kindString && val.kind == kindArray {
			return nil, c.failTwice(e.loc, "%s", complaint)
		}
		s, err := c.text(e, complaint)
		if err != nil {
			return nil, err
		}
		t, err := c.anythingButTest(name, s, e)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

func (c *compiler) anythingButTest(name, s string, e *element) (test, error) {
	switch name {
	case "equals-ignore-case":
		return sameFold(s), nil
	case "wildcard":
		return c.wildcard(s, e)
	}
	if s == "" {
		return nil, c.fail(e.end, "Null prefix/suffix not allowed")
	}
	return affix{text: s, suffix: name == "suffix"}, nil
}

// wildcard reads a text in which * stands for any characters, \* for a star and \\ for a
// backslash. Positions in messages count the opening quote.
func (c *compiler) wildcard(s string, e *element) (test, error) {
	var parts []string
	var part strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '*' && i+1 < len(s) && s[i+1] == '*':
			return nil, c.fail(e.end, "Consecutive wildcard characters at pos %d", i+1)
		case s[i] == '*':
			parts = append(parts, part.String())
			part.Reset()
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '*' || s[i+1] == '\\'):
			i++
			part.WriteByte(s[i])
		case s[i] == '\\':
			return nil, c.fail(e.end, "Invalid escape character at pos %d", i+1)
		default:
			part.WriteByte(s[i])
		}
	}
	parts = append(parts, part.String())
	seen := map[string]int{}
	for _, p := range parts[1:] {
		if seen[p]++; seen[p] >= 4 {
			return nil, c.failBare("Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character")
		}
	}
	return wildcard(parts), nil
}

var (
	looksLikeIPv4 = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$`)
	looksLikeIPv6 = regexp.MustCompile(`^[0-9a-fA-F:]*:[0-9a-fA-F:]*$`)
)

func looksLikeIP(s string) bool { return looksLikeIPv4.MatchString(s) || looksLikeIPv6.MatchString(s) }

func (c *compiler) cidr(s string) (test, error) {
	ip, mask, ok := strings.Cut(s, "/")
	if !ok || strings.Contains(mask, "/") {
		return nil, c.failBare("Malformed CIDR, one '/' required")
	}
	bits, err := strconv.Atoi(mask)
	if err != nil {
		return nil, c.failBare("Malformed CIDR, mask bits must be an integer")
	}
	if bits < 0 {
		return nil, c.failBare("Malformed CIDR, mask bits must not be negative")
	}
	if !looksLikeIP(ip) {
		return nil, c.failBare("Nonstandard IP address: %s", ip)
	}
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return nil, c.failBare("Invalid IP address: %s", ip)
	}
	if addr.Is4() && bits > 31 {
		return nil, c.failBare("IPv4 mask bits must be < 32")
	}
	if bits > 127 {
		return nil, c.failBare("IPv6 mask bits must be < 128")
	}
	return cidr(netip.PrefixFrom(addr, bits).Masked()), nil
}
