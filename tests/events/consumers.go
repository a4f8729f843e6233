package events

import (
	"fmt"
	"slices"
	"strings"
)

// CheckConsumers holds the Go code that reads events against the rules and pipes: an event that a service reads reaches it, each field that
// it reads is sent, and a service reads every event that the rules send it.
func CheckConsumers(stacks *Stacks, reads []Read) ([]string, error) {
	routed, faults := stacks.routes()
	for _, r := range reads {
		if r.Field == "" && !routed[r.Service+" "+r.Event].there() {
			faults = append(faults, fmt.Sprintf("%s, which no rule in stacks sends to a queue of its functions", r))
		}
		if r.Field == "" {
			continue
		}
		p, err := stacks.sender(r.Event)
		if err != nil {
			return nil, err
		}
		if _, ok := p.sends[r.Field]; !ok {
			faults = append(faults, fmt.Sprintf("%s, which no pipe sends (%s: pipe %s)", r, p.at, p.name))
		}
	}
	for route, rule := range routed {
		service, event, _ := strings.Cut(route, " ")
		if !slices.ContainsFunc(reads, func(r Read) bool { return r.Service == service && r.Event == event }) {
			faults = append(faults, fmt.Sprintf("%s: a rule sends %s to %s, whose code (internal/%s) does not read it", rule, event, service, service))
		}
	}
	slices.Sort(faults)
	return faults, nil
}

// routes are the services and events that the rules bring together, "service event", with the place of the rule.
func (s *Stacks) routes() (map[string]node, []string) {
	out := map[string]node{}
	var faults []string
	for _, r := range s.rules {
		for _, t := range r.targets {
			arn := t.at("Arn")
			if t.at("InputTransformer").there() {
				continue // what it reads is checked with the rule
			}
			function, ok := s.consumers[r.file+"/"+strings.TrimSuffix(arn.text(), ".Arn")]
			if !ok {
				faults = append(faults, fmt.Sprintf("%s: rule %s sends to %s, and no function in %s reads that queue", arn, r.name, arn.text(), r.file))
				continue
			}
			for _, detailType := range r.types {
				out[serviceOf(function)+" "+detailType.text()] = detailType
			}
		}
	}
	return out, faults
}

// sender is the pipe that sends an event; one without a name if none does.
func (s *Stacks) sender(event string) (pipe, error) {
	for _, p := range s.pipes {
		if ok, err := p.emits(event); ok || err != nil {
			return p, err
		}
	}
	return pipe{name: "none"}, nil
}
