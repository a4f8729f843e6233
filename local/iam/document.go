package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// flavour says where a document stands, which decides what it may and must name.
type flavour int

const (
	identityPolicy flavour = iota // attached to a role: no principal
	askedPolicy                   // the same, of an account's role: whoever asks gives every key of the request
	trustPolicy                   // who may assume a role: a principal, no resource
	resourcePolicy                // on a queue, bus, ...: a principal and a resource
)

// policy is a compiled policy document.
type policy struct {
	statements []statement
}

type statement struct {
	deny         bool
	actions      []string // lower case
	notActions   bool
	resources    []string
	notResources bool
	principals   principals
	conditions   []condition
}

// principals is a Principal element: everybody, or names by kind.
type principals struct {
	all      bool
	services []string
	aws      []string
}

// list is a JSON string or an array of strings.
type list []string

func (l *list) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*l = list{one}
		return nil
	}
	var many []string
	if err := json.Unmarshal(b, &many); err != nil {
		return fmt.Errorf("%s is neither a string nor a list of strings", b)
	}
	*l = many
	return nil
}

type rawDocument struct {
	Version   string
	ID        string `json:"Id"`
	Statement json.RawMessage
}

type rawStatement struct {
	Sid                     string
	Effect                  string
	Action, NotAction       list
	Resource, NotResource   list
	Principal, NotPrincipal json.RawMessage
	Condition               map[string]map[string]json.RawMessage
}

// compile reads a document: JSON text, or the JSON value of a template.
func compile(doc any, f flavour) (*policy, error) {
	text, err := documentText(doc)
	if err != nil {
		return nil, err
	}
	var raw rawDocument
	if err := strict(text, &raw); err != nil {
		return nil, err
	}
	if raw.Version != "2012-10-17" && raw.Version != "2008-10-17" && raw.Version != "" { // none means 2008-10-17
		return nil, fmt.Errorf("policy Version is %q: it must be \"2012-10-17\"", raw.Version)
	}
	statements, err := rawStatements(raw.Statement)
	if err != nil {
		return nil, err
	}
	p := &policy{statements: make([]statement, len(statements))}
	for i, s := range statements {
		if p.statements[i], err = s.compile(f, raw.Version == "2012-10-17"); err != nil {
			return nil, fmt.Errorf("statement %s: %w", s.name(i), err)
		}
	}
	return p, nil
}

func documentText(doc any) ([]byte, error) {
	switch d := doc.(type) {
	case []byte:
		return d, nil
	case json.RawMessage:
		return d, nil
	case string:
		return []byte(d), nil
	case nil:
		return nil, errors.New("there is no policy document")
	}
	return json.Marshal(doc)
}

func strict(text []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("malformed policy document: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

func rawStatements(text json.RawMessage) ([]rawStatement, error) {
	text = bytes.TrimSpace(text)
	if len(text) > 0 && text[0] == '{' {
		text = append(append([]byte{'['}, text...), ']')
	}
	var out []rawStatement
	if len(text) > 0 {
		if err := strict(text, &out); err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, errors.New("the policy has no Statement")
	}
	return out, nil
}

func (s rawStatement) name(i int) string {
	if s.Sid != "" {
		return s.Sid
	}
	return fmt.Sprint(i)
}

func (s rawStatement) compile(f flavour, variables bool) (statement, error) {
	out := statement{deny: s.Effect == "Deny"}
	if s.Effect != "Allow" && s.Effect != "Deny" {
		return out, fmt.Errorf("effect is %q: it must be Allow or Deny", s.Effect)
	}
	if err := out.setActions(s); err != nil {
		return out, err
	}
	if err := out.setResources(s, f, variables); err != nil {
		return out, err
	}
	if err := out.setPrincipals(s, f); err != nil {
		return out, err
	}
	var err error
	out.conditions, err = compileConditions(s.Condition, variables, f == askedPolicy)
	return out, err
}

func (s *statement) setActions(raw rawStatement) error {
	if (len(raw.Action) == 0) == (len(raw.NotAction) == 0) {
		return errors.New("give either Action or NotAction")
	}
	s.notActions = len(raw.NotAction) > 0
	for _, a := range append(raw.Action, raw.NotAction...) {
		service, name, ok := strings.Cut(a, ":")
		if a != "*" && (!ok || service == "" || name == "") {
			return fmt.Errorf("action %q is not of the form service:Name", a)
		}
		s.actions = append(s.actions, strings.ToLower(a))
	}
	return nil
}

func (s *statement) setResources(raw rawStatement, f flavour, variables bool) error {
	given := len(raw.Resource) + len(raw.NotResource)
	if f == trustPolicy {
		if given > 0 {
			return errors.New("a trust policy has no Resource")
		}
		s.resources = []string{"*"}
		return nil
	}
	if (len(raw.Resource) == 0) == (len(raw.NotResource) == 0) {
		return errors.New("give either Resource or NotResource")
	}
	s.notResources = len(raw.NotResource) > 0
	s.resources = append(raw.Resource, raw.NotResource...)
	for _, r := range s.resources {
		if err := checkResource(r, f, variables); err != nil {
			return err
		}
	}
	return nil
}

func checkResource(r string, f flavour, variables bool) error {
	if variables && strings.Contains(r, "${") {
		return fmt.Errorf("resource %q: the local cloud does not run policy variables in resources", r)
	}
	if r != "*" && !strings.HasPrefix(r, "arn:") && f == identityPolicy {
		return fmt.Errorf("resource %q is neither an ARN nor \"*\"", r)
	}
	return nil
}

func (s *statement) setPrincipals(raw rawStatement, f flavour) error {
	if raw.NotPrincipal != nil {
		return errors.New("the local cloud does not run NotPrincipal")
	}
	if (raw.Principal != nil) == (f == identityPolicy || f == askedPolicy) {
		return errors.New("resource and trust policies name a Principal, identity-based policies do not")
	}
	if raw.Principal == nil {
		return nil
	}
	var all string
	if json.Unmarshal(raw.Principal, &all) == nil {
		if s.principals.all = all == "*"; !s.principals.all {
			return fmt.Errorf("principal %q: the only plain principal is \"*\"", all)
		}
		return nil
	}
	var kinds struct {
		Service, AWS list
	}
	if err := strict(raw.Principal, &kinds); err != nil {
		return fmt.Errorf("principal: %w", err)
	}
	s.principals.services, s.principals.aws = kinds.Service, kinds.AWS
	return nil
}
