package events

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"

	"twofold/local/pattern"
)

// Stacks is what the templates in stacks/ say about events.
type Stacks struct {
	rules     []rule
	pipes     []pipe
	consumers map[string]node // functions by the queue that they read: template file + "/" + logical id
}

type rule struct {
	name    string
	at      node // its EventPattern
	pattern *pattern.Pattern
	types   []node // of detail-type
	targets []node
	file    string
}

type pipe struct {
	name       string
	at         node // its properties
	source     string
	detailType string // a name, or dynamicType
	filters    []*pattern.Pattern
	sends      map[string]sent
}

// sent is a field of a pipe's template: its line, and the attribute of the item that it is.
type sent struct{ place, attribute string }

// dynamicType is the detail type of a pipe that takes it from the item.
const dynamicType = "$.dynamodb.NewImage.type.S"

// ReadStacks reads all templates of stacks/.
func ReadStacks(fsys fs.FS) (*Stacks, error) {
	files, err := fs.Glob(fsys, "stacks/*.yaml")
	if err != nil {
		return nil, err
	}
	out := &Stacks{consumers: map[string]node{}}
	for _, file := range files {
		root, err := parse(fsys, file)
		if err != nil {
			return nil, err
		}
		for name, r := range root.at("Resources").members() {
			if err := out.add(name.text(), r); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func (s *Stacks) add(name string, r node) (err error) {
	p := r.at("Properties")
	switch r.at("Type").text() {
	case "AWS::Events::Rule":
		err = s.addRule(name, p)
	case "AWS::Pipes::Pipe":
		err = s.addPipe(name, p)
	case "AWS::Serverless::Function":
		for _, e := range p.at("Events").members() {
			if queue := e.at("Properties", "Queue"); queue.there() {
				s.consumers[r.file+"/"+strings.TrimSuffix(queue.text(), ".Arn")] = p
			}
		}
	}
	return err
}

func (s *Stacks) addRule(name string, p node) error {
	at := p.at("EventPattern")
	if !at.there() {
		return nil // a schedule
	}
	plain, err := at.plain()
	if err != nil {
		return err
	}
	compiled, err := compilePattern(plain)
	if err != nil {
		return fmt.Errorf("%s: rule %s: %w", at, name, err)
	}
	s.rules = append(s.rules, rule{name: name, at: at, pattern: compiled, types: at.at("detail-type").items(), targets: p.at("Targets").items(), file: at.file})
	return nil
}

func compilePattern(plain any) (*pattern.Pattern, error) {
	text, err := json.Marshal(plain)
	if err != nil {
		return nil, err
	}
	return pattern.Compile(text)
}

func (s *Stacks) addPipe(name string, p node) error {
	bus := p.at("TargetParameters", "EventBridgeEventBusParameters")
	out := pipe{name: name, at: p, source: bus.at("Source").text(), detailType: bus.at("DetailType").text()}
	for _, f := range p.at("SourceParameters", "FilterCriteria", "Filters").items() {
		compiled, err := pattern.Compile([]byte(f.at("Pattern").text()))
		if err != nil {
			return fmt.Errorf("%s: the filter of pipe %s: %w", f.at("Pattern"), name, err)
		}
		out.filters = append(out.filters, compiled)
	}
	if strings.HasPrefix(out.detailType, "$") && out.detailType != dynamicType {
		return fmt.Errorf("%s: pipe %s takes its detail type from %s: this check knows only %s", bus, name, out.detailType, dynamicType)
	}
	var err error
	out.sends, err = readTemplate(name, p.at("TargetParameters", "InputTemplate"))
	s.pipes = append(s.pipes, out)
	return err
}

// readTemplate reads a pipe's input template line by line, so that each field has its place.
func readTemplate(name string, n node) (map[string]sent, error) {
	var fields map[string]string
	if err := json.Unmarshal([]byte(n.text()), &fields); err != nil {
		return nil, fmt.Errorf("%s: the template of pipe %s is not an object of strings: %w", n, name, err)
	}
	out := map[string]sent{}
	for i, line := range strings.Split(n.text(), "\n") {
		for field, value := range fields {
			if !strings.HasPrefix(strings.TrimSpace(line), `"`+field+`":`) {
				continue
			}
			place := fmt.Sprintf("%s:%d", n.file, n.y.Line+1+i) // the text begins on the line after the key
			parts := strings.Split(strings.TrimSuffix(value, ">"), ".")
			if len(parts) != 5 || !strings.HasPrefix(value, "<$.dynamodb.NewImage.") {
				return nil, fmt.Errorf("%s: pipe %s fills %s with %s: this check knows only <$.dynamodb.NewImage.attribute.type>", place, name, field, value)
			}
			out[field] = sent{place, parts[3]}
		}
	}
	if len(out) != len(fields) {
		return nil, fmt.Errorf("%s: write one field on each line of the template of pipe %s", n, name)
	}
	return out, nil
}

// emits reports whether a pipe lets an item of a type through, whatever else its filter asks of the item.
func (p pipe) emits(s string) (bool, error) {
	if p.detailType != dynamicType && p.detailType != s {
		return false, nil
	}
	for _, f := range p.filters {
		for _, asked := range f.Alternatives() {
			record := map[string]any{}
			for _, field := range asked {
				if len(field.Values) > 0 {
					set(record, field.Path, field.Values[0])
				}
			}
			set(record, []string{"eventName"}, "INSERT")
			set(record, []string{"dynamodb", "NewImage", "type", "S"}, s)
			raw, err := json.Marshal(record)
			if err != nil {
				return false, err
			}
			if ok, err := f.MatchJSON(raw); ok || err != nil {
				return ok, err
			}
		}
	}
	return len(p.filters) == 0, nil
}
