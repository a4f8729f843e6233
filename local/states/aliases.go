package states

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"twofold/local/core"
)

// alias routes executions to one version or two by weight.
type alias struct {
	arn, name, description string
	routes                 []route
	created, updated       time.Time
}

// route is one line of a routing configuration. Weights add up to 100.
type route struct {
	StateMachineVersionArn string
	Weight                 int
}

func (a *alias) uses(version string) bool {
	return slices.ContainsFunc(a.routes, func(r route) bool { return r.StateMachineVersionArn == version })
}

// pick draws a version by weight.
func (a *alias) pick(r *core.Rand) string {
	n := 0
	if len(a.routes) > 1 {
		n = r.IntN(100)
	}
	for _, route := range a.routes {
		if n -= route.Weight; n < 0 {
			return route.StateMachineVersionArn
		}
	}
	return a.routes[len(a.routes)-1].StateMachineVersionArn
}

func (a *alias) show() *object {
	routes := make([]any, len(a.routes))
	for i, r := range a.routes {
		routes[i] = obj("stateMachineVersionArn", r.StateMachineVersionArn, "weight", number(int64(r.Weight)))
	}
	o := obj("stateMachineAliasArn", a.arn, "name", a.name, "routingConfiguration", routes, "creationDate", stamp(a.created), "updateDate", stamp(a.updated))
	if a.description != "" {
		o.set("description", a.description)
	}
	return o
}

// aliasRequest is what creates or changes an alias.
type aliasRequest struct {
	StateMachineAliasArn string
	Name                 string
	Description          *string
	RoutingConfiguration []route
}

var aliasName = regexp.MustCompile(`^[a-zA-Z0-9_\-.]*[a-zA-Z_\-.][a-zA-Z0-9_\-.]*$`)

func checkAliasName(name string) error {
	if err := firstError(required(name, "name"), tooLong(name, "name", maxName)); err != nil {
		return err
	}
	if !aliasName.MatchString(name) {
		return invalid(name, "name", `Member must satisfy regular expression pattern: ^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$`)
	}
	return nil
}

// checkRoutes reports routes that are not one version, or two different ones, with weights of 100 together.
func checkRoutes(routes []route) error {
	arns, weights, sum, plain := []string{}, []string{}, 0, false
	for i, r := range routes {
		if r.Weight < 0 || r.Weight > 100 {
			return invalid(r.Weight, fmt.Sprintf("routingConfiguration.%d.member.weight", i+1), "Member must have value less than or equal to 100")
		}
		a, err := parseARN(r.StateMachineVersionArn, "stateMachine")
		if err != nil {
			return err
		}
		arns, weights, sum = append(arns, a.text), append(weights, strconv.Itoa(r.Weight)), sum+r.Weight
		plain = plain || a.more == ""
	}
	list := "[" + strings.Join(arns, ", ") + "]"
	switch {
	case len(routes) == 0:
		return invalid(list, "routingConfiguration", "Member must have length greater than or equal to 1")
	case len(routes) > 2:
		return invalid(items(routes), "routingConfiguration", "Member must have length less than or equal to 2")
	case plain:
		return core.Errorf("ValidationException", "Routing configuration must contain state machine version ARNs. Received: %s", list)
	case len(arns) == 2 && arns[0] == arns[1]:
		return core.Errorf("ValidationException", "Routing configuration must contain distinct state machine version ARNs. Received: %s", list)
	case sum != 100:
		return core.Errorf("ValidationException", "Sum of routing configuration weights must equal 100. Received: [%s]", strings.Join(weights, ", "))
	}
	return nil
}

// items shows routes as a validation error does.
func items(routes []route) string {
	out := make([]string, len(routes))
	for i, r := range routes {
		out[i] = fmt.Sprintf("RoutingConfigurationListItem(stateMachineVersionArn=%s, weight=%d)", r.StateMachineVersionArn, r.Weight)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

func noResource() error {
	return core.Errorf("ResourceNotFound", "Request references a resource that does not exist.")
}

// routed gives the machine whose versions the routes name. The caller holds s.mu.
func (s *Service) routed(routes []route) (*machine, error) {
	var m *machine
	for _, r := range routes {
		a, err := parseARN(r.StateMachineVersionArn, "stateMachine")
		if err != nil {
			return nil, err
		}
		found := s.machines[a.machine()]
		if found == nil || found.version(a.text) == nil {
			return nil, noResource()
		}
		if m != nil && m != found {
			return nil, core.Errorf("ValidationException", "Routing configuration must contain versions of one state machine.")
		}
		m = found
	}
	return m, nil
}

func (m *machine) alias(name string) *alias {
	for _, a := range m.aliases {
		if a.name == name {
			return a
		}
	}
	return nil
}

func (s *Service) createAlias(c *core.Call) (any, error) {
	var r aliasRequest
	if err := c.Decode(&r); err != nil {
		return nil, err
	}
	if err := firstError(checkAliasName(r.Name), checkRoutes(r.RoutingConfiguration)); err != nil {
		return nil, err
	}
	on, err := parseARN(r.RoutingConfiguration[0].StateMachineVersionArn, "stateMachine")
	if err != nil {
		return nil, err
	}
	if err := c.Authorize("states:CreateStateMachineAlias", on.machine()+":"+r.Name); err != nil {
		return nil, err
	}
	a, err := s.newAlias(r)
	if err != nil {
		return nil, err
	}
	return obj("stateMachineAliasArn", a.arn, "creationDate", stamp(a.created)), nil
}

// newAlias makes an alias, or answers the one that the same request made.
func (s *Service) newAlias(r aliasRequest) (*alias, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.routed(r.RoutingConfiguration)
	if err != nil {
		return nil, err
	}
	if a := m.alias(r.Name); a != nil {
		if a.description != text(r.Description) || !slices.Equal(a.routes, r.RoutingConfiguration) {
			return nil, core.Errorf("ConflictException",
				"Failed to create alias because an alias with the same name and a different routing configuration already exists.")
		}
		return a, nil
	}
	now := s.cloud.Now()
	a := &alias{arn: m.arn + ":" + r.Name, name: r.Name, description: text(r.Description), routes: r.RoutingConfiguration, created: now, updated: now}
	m.aliases = append(m.aliases, a)
	return a, nil
}

// changeAlias gives an alias new routes or a new description; it never changes one in place.
func (s *Service) changeAlias(r aliasRequest) (*alias, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, i, err := s.findAlias(r.StateMachineAliasArn)
	if err != nil {
		return nil, err
	}
	next := *m.aliases[i]
	if r.RoutingConfiguration != nil {
		on, err := s.routed(r.RoutingConfiguration)
		if err != nil {
			return nil, err
		}
		if on != m {
			return nil, core.Errorf("ValidationException", "Routing configuration must contain versions of the alias's state machine.")
		}
		next.routes = r.RoutingConfiguration
	}
	if r.Description != nil {
		next.description = *r.Description
	}
	next.updated = s.cloud.Now()
	m.aliases[i] = &next
	return &next, nil
}

// findAlias gives an alias's machine and place. The caller holds s.mu.
func (s *Service) findAlias(arn string) (*machine, int, error) {
	a, err := parseARN(arn, "stateMachine")
	if err != nil {
		return nil, 0, err
	}
	if m := s.machines[a.machine()]; m != nil {
		for i, al := range m.aliases {
			if al.arn == arn {
				return m, i, nil
			}
		}
	}
	return nil, 0, noResource()
}

func (s *Service) updateAlias(c *core.Call) (any, error) {
	var r aliasRequest
	if err := c.Decode(&r); err != nil {
		return nil, err
	}
	if r.Description == nil && r.RoutingConfiguration == nil {
		return nil, core.Errorf("ValidationException", "Either the description or the routing configuration must be specified")
	}
	if r.RoutingConfiguration != nil {
		if err := checkRoutes(r.RoutingConfiguration); err != nil {
			return nil, err
		}
	}
	if err := c.Authorize("states:UpdateStateMachineAlias", r.StateMachineAliasArn); err != nil {
		return nil, err
	}
	a, err := s.changeAlias(r)
	if err != nil {
		return nil, err
	}
	return obj("updateDate", stamp(a.updated)), nil
}

func (s *Service) deleteAlias(c *core.Call) (any, error) {
	var r aliasRequest
	if err := c.Decode(&r); err != nil {
		return nil, err
	}
	if _, err := parseARN(r.StateMachineAliasArn, "stateMachine"); err != nil {
		return nil, err
	}
	if err := c.Authorize("states:DeleteStateMachineAlias", r.StateMachineAliasArn); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if m, i, err := s.findAlias(r.StateMachineAliasArn); err == nil {
		m.aliases = append(m.aliases[:i:i], m.aliases[i+1:]...)
	}
	return &object{}, nil
}

func (s *Service) describeAlias(c *core.Call) (any, error) {
	var r aliasRequest
	if err := c.Decode(&r); err != nil {
		return nil, err
	}
	if err := c.Authorize("states:DescribeStateMachineAlias", r.StateMachineAliasArn); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, i, err := s.findAlias(r.StateMachineAliasArn)
	if err != nil {
		return nil, err
	}
	return m.aliases[i].show(), nil
}

func (s *Service) listAliases(c *core.Call) (any, error) {
	var r struct {
		StateMachineArn string
		pageRequest
	}
	if err := c.Decode(&r); err != nil {
		return nil, err
	}
	a, err := parseARN(r.StateMachineArn, "stateMachine")
	if err != nil {
		return nil, err
	}
	if err := c.Authorize("states:ListStateMachineAliases", r.StateMachineArn); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.machines[a.machine()]
	if m == nil {
		return nil, noResource()
	}
	list := slices.Clone(m.aliases)
	if a.more != "" {
		list = slices.DeleteFunc(list, func(al *alias) bool { return !al.uses(a.text) })
	}
	return page(r.pageRequest, 1024, "stateMachineAliases", list, func(al *alias) *object {
		return obj("stateMachineAliasArn", al.arn, "creationDate", stamp(al.created))
	})
}
