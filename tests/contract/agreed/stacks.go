package agreed

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Need is something that a stack says a consumer takes from a provider.
type Need struct {
	Consumer, Provider string
	Event              string // detail type; "" for a function that is asked
	Where              string // the stack and the resource that say so
}

// block is a part of a template. Its intrinsic functions are read as what they are given: !GetAtt Queue.Arn is "Queue.Arn".
type block = map[string]any

// Needs are all that the stacks say: each event that a rule brings to a function's queue or to a state machine, and each function that another
// is told the name of in a variable that ends in _FUNCTION. A rule whose target is neither is an error.
func Needs(stacks string) ([]Need, error) {
	files, err := filepath.Glob(filepath.Join(stacks, "*.yaml"))
	if err != nil {
		return nil, err
	}
	var all []Need
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var root yaml.Node
		if err := yaml.Unmarshal(raw, &root); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		found, err := needsOf(filepath.Base(file), plain(&root))
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("the stacks in %s have no rules and no functions that ask others", stacks)
	}
	return all, nil
}

// plain is a node without its tags.
func plain(n *yaml.Node) any {
	switch n.Kind {
	case yaml.DocumentNode:
		return plain(n.Content[0])
	case yaml.MappingNode:
		out := block{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			out[n.Content[i].Value] = plain(n.Content[i+1])
		}
		return out
	case yaml.SequenceNode:
		var out []any
		for _, c := range n.Content {
			out = append(out, plain(c))
		}
		return out
	}
	return n.Value
}

// at walks into a block; nil where there is nothing.
func at(v any, path ...string) any {
	for _, name := range path {
		b, _ := v.(block)
		v = b[name]
	}
	return v
}

func text(v any) string { s, _ := v.(string); return s }

func texts(v any) []string {
	list, _ := v.([]any)
	out := make([]string, len(list))
	for i := range list {
		out[i] = text(list[i])
	}
	return out
}

func needsOf(file string, template any) ([]Need, error) {
	resources, _ := at(template, "Resources").(block)
	names := make([]string, 0, len(resources))
	for name := range resources {
		names = append(names, name)
	}
	sort.Strings(names)
	var all []Need
	for _, name := range names {
		where := file + " " + name
		switch text(at(resources[name], "Type")) {
		case "AWS::Events::Rule":
			found, err := needsOfRule(where, resources, at(resources[name], "Properties"))
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		case "AWS::Serverless::Function":
			all = append(all, needsOfFunction(where, at(resources[name], "Properties"))...)
		}
	}
	return all, nil
}

func needsOfRule(where string, resources block, rule any) ([]Need, error) {
	pattern := at(rule, "EventPattern")
	types := texts(at(pattern, "detail-type"))
	if len(types) == 0 {
		return nil, fmt.Errorf("%s names no detail-type: nobody can tell what its consumers need", where)
	}
	targets, _ := at(rule, "Targets").([]any)
	var all []Need
	for _, t := range targets {
		consumer := consumerAt(resources, text(at(t, "Arn")))
		if consumer == "" {
			return nil, fmt.Errorf("%s delivers to %v, which is neither the queue of a function nor a state machine of this stack: teach this test what consumes it", where, at(t, "Arn"))
		}
		for _, source := range texts(at(pattern, "source")) {
			for _, kind := range types {
				all = append(all, Need{consumer, strings.TrimPrefix(source, "twofold."), kind, where})
			}
		}
	}
	return all, nil
}

// consumerAt is who consumes what is sent to a target: the function that a queue is mapped to, or a state machine.
func consumerAt(resources block, arn string) string {
	target := strings.TrimSuffix(arn, ".Arn")
	if machine, alias, found := strings.Cut(target, "Alias"); found && text(at(resources[machine], "Properties", "AutoPublishAlias")) == alias {
		target = machine // SAM's name of the alias
	}
	if definition := text(at(resources[target], "Properties", "DefinitionUri")); definition != "" {
		return strings.TrimSuffix(filepath.Base(definition), ".asl.json") + MachineSuffix
	}
	for _, r := range resources {
		events, _ := at(r, "Properties", "Events").(block)
		for _, e := range events {
			if text(at(e, "Properties", "Queue")) == target+".Arn" {
				return filepath.Base(text(at(r, "Properties", "CodeUri")))
			}
		}
	}
	return ""
}

// MachineSuffix tells a state machine's name from the function's of the same name.
const MachineSuffix = "-machine"

var words = regexp.MustCompile(`[A-Z][a-z]+`)

func needsOfFunction(where string, function any) []Need {
	variables, _ := at(function, "Environment", "Variables").(block)
	var all []Need
	for name, value := range variables {
		if asked, ok := strings.CutSuffix(text(value), "FunctionArn"); ok && strings.HasSuffix(name, "_FUNCTION") {
			provider := strings.ToLower(strings.Join(words.FindAllString(asked, -1), "-"))
			all = append(all, Need{Consumer: filepath.Base(text(at(function, "CodeUri"))), Provider: provider, Where: where})
		}
	}
	return all
}
