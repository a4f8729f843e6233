package apigateway

import (
	"fmt"
	"net/url"
	"strings"
)

// node is a segment of the tree of resources. A literal segment goes before a parameter, and a
// parameter before a greedy one.
type node struct {
	literal map[string]*node
	param   *node
	greedy  *node
	name    string // of the parameter that leads here
	methods map[string]*method
}

func segments(path string) []string {
	path = strings.Trim(path, "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

func (n *node) add(path string, m *method) error {
	for _, s := range segments(path) {
		if !segment.MatchString(s) {
			return fmt.Errorf("segment %q: a parameter must be a whole segment; others have only letters, digits and the signs -._,: in them", s)
		}
		next, err := n.child(s)
		if err != nil {
			return err
		}
		n = next
	}
	if n.methods == nil {
		n.methods = map[string]*method{}
	}
	n.methods[m.verb] = m
	return nil
}

func (n *node) child(s string) (*node, error) {
	if !strings.HasPrefix(s, "{") {
		if n.literal == nil {
			n.literal = map[string]*node{}
		}
		if n.literal[s] == nil {
			n.literal[s] = &node{}
		}
		return n.literal[s], nil
	}
	name := strings.Trim(s, "{}")
	slot := &n.param
	if strings.HasSuffix(name, "+") {
		slot = &n.greedy
	}
	name = strings.TrimSuffix(name, "+")
	if *slot == nil {
		*slot = &node{name: name}
	}
	if (*slot).name != name {
		return nil, fmt.Errorf("sibling parameters {%s} and {%s}", (*slot).name, name)
	}
	return *slot, nil
}

// match finds the method for an escaped path; parameters come out decoded.
func (n *node) match(path, verb string) (*method, map[string]string) {
	params := map[string]string{}
	found := n.walk(segments(path), params)
	if found == nil {
		return nil, nil
	}
	m := found.methods[verb]
	if m == nil {
		m = found.methods["ANY"]
	}
	if len(params) == 0 {
		params = nil
	}
	return m, params
}

func (n *node) walk(rest []string, params map[string]string) *node {
	if len(rest) == 0 {
		if n.methods == nil {
			return nil
		}
		return n
	}
	head, err := url.PathUnescape(rest[0])
	if err != nil {
		head = rest[0]
	}
	if next := n.literal[head]; next != nil {
		if found := next.walk(rest[1:], params); found != nil {
			return found
		}
	}
	if n.param != nil && head != "" {
		if found := n.param.walk(rest[1:], params); found != nil {
			params[n.param.name] = head
			return found
		}
	}
	if n.greedy == nil || n.greedy.methods == nil {
		return nil
	}
	all := strings.Join(rest, "/")
	if decoded, err := url.PathUnescape(all); err == nil {
		all = decoded
	}
	params[n.greedy.name] = all
	return n.greedy
}
