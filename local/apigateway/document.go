package apigateway

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"sort"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// definition is an API as its document declares it. Once deployed it does not change.
type definition struct {
	title     string
	root      *node
	methods   []*method
	responses map[string]*gatewayResponse // customised ones, by type
	binary    []string
}

// method is one operation on one resource.
type method struct {
	resource  string // path with parameters, "/v1/orders/{orderId}"
	verb      string // HTTP method, or ANY
	operation string
	auth      *authorizer
	validator validator
	run       integration
}

// snapshot is what a deployment keeps; only the map of responses can change afterwards.
func (d *definition) snapshot() *definition {
	c := *d
	c.responses = maps.Clone(d.responses)
	return &c
}

const vendor = "x-amazon-apigateway-"

// parse reads an OpenAPI document.
func parse(text []byte) (*definition, error) {
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("the API document cannot be read: %w", err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.0.") {
		return nil, fmt.Errorf("the API document must be OpenAPI 3.0, not %q", doc.OpenAPI)
	}
	if err := doc.Validate(context.Background(), openapi3.DisableExamplesValidation()); err != nil {
		return nil, fmt.Errorf("the API document is not valid: %w", err)
	}
	return newParser(doc).definition()
}

// parser carries what operations refer to.
type parser struct {
	doc         *openapi3.T
	validators  map[string]validatorDoc
	byDefault   string // name of the validator of operations that name none
	authorizers map[string]*authorizer
}

func newParser(doc *openapi3.T) *parser {
	return &parser{doc: doc, authorizers: map[string]*authorizer{}}
}

func (p *parser) definition() (*definition, error) {
	def := &definition{title: p.doc.Info.Title, root: &node{}, responses: map[string]*gatewayResponse{}}
	if err := p.topLevel(def); err != nil {
		return nil, err
	}
	if err := p.components(); err != nil {
		return nil, err
	}
	items := p.doc.Paths.Map()
	paths := make([]string, 0, len(items))
	for path := range items {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	for _, path := range paths {
		if err := p.path(def, path, items[path]); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return def, nil
}

// topLevel reads the document's own extensions.
func (p *parser) topLevel(def *definition) error {
	if len(p.doc.Security) > 0 {
		return fmt.Errorf("name security on each operation: the local cloud does not run it for the whole document")
	}
	var responses map[string]responseDoc
	err := extensions(p.doc.Extensions, map[string]any{"request-validators": &p.validators, "request-validator": &p.byDefault,
		"gateway-responses": &responses, "binary-media-types": &def.binary,
		"endpoint-configuration": nil, "importexport-version": nil, "documentation": nil, "api-key-source": nil})
	if err != nil {
		return err
	}
	for kind, doc := range responses {
		if def.responses[kind], err = compileResponse(kind, doc); err != nil {
			return err
		}
	}
	return nil
}

// extensions decodes x-amazon-apigateway members into their targets; one without a target in known is
// not run, one whose target is nil changes nothing here.
func extensions(found map[string]any, known map[string]any) error {
	for name, value := range found {
		short, ours := strings.CutPrefix(name, vendor)
		if !ours {
			continue
		}
		target, ok := known[short]
		if !ok {
			return fmt.Errorf("the local cloud does not run %s", name)
		}
		if target == nil {
			continue
		}
		if err := recode(value, target); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// recode turns a decoded JSON value into a struct that must name all of its members.
func recode(value, into any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(strings.NewReader(string(text)))
	dec.DisallowUnknownFields()
	return dec.Decode(into)
}

var (
	modelName = regexp.MustCompile(`^[A-Za-z0-9]+$`)
	segment   = regexp.MustCompile(`^([A-Za-z0-9._,:-]+|\{[A-Za-z0-9._-]+\+?\})$`)
)

func (p *parser) components() error {
	if p.doc.Components == nil {
		return nil
	}
	for name, s := range p.doc.Components.Schemas {
		if !modelName.MatchString(name) {
			return fmt.Errorf("schema %s: API Gateway takes only letters and digits in the names of models", name)
		}
		relax(s, map[*openapi3.Schema]bool{})
	}
	for name, ref := range p.doc.Components.SecuritySchemes {
		a, err := newAuthorizer(name, ref.Value)
		if err != nil {
			return fmt.Errorf("security scheme %s: %w", name, err)
		}
		p.authorizers[name] = a
	}
	return nil
}

func (p *parser) path(def *definition, path string, item *openapi3.PathItem) error {
	operations := item.Operations()
	if raw, ok := item.Extensions[vendor+"any-method"]; ok {
		var every openapi3.Operation
		if err := recode(raw, &every); err != nil {
			return fmt.Errorf("%sany-method: %w", vendor, err)
		}
		operations["ANY"] = &every
	}
	verbs := make([]string, 0, len(operations))
	for verb := range operations {
		verbs = append(verbs, verb)
	}
	sort.Strings(verbs)
	for _, verb := range verbs {
		m, err := p.operation(path, verb, item, operations[verb])
		if err != nil {
			return fmt.Errorf("%s: %w", verb, err)
		}
		def.methods = append(def.methods, m)
		if err := def.root.add(path, m); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) operation(path, verb string, item *openapi3.PathItem, op *openapi3.Operation) (*method, error) {
	m := &method{resource: path, verb: verb, operation: op.OperationID}
	validatorName := p.byDefault
	var run integrationDoc
	if err := extensions(op.Extensions, map[string]any{"integration": &run, "request-validator": &validatorName}); err != nil {
		return nil, err
	}
	var err error
	if m.run, err = run.compile(op); err != nil {
		return nil, err
	}
	if m.auth, err = p.security(op.Security); err != nil {
		return nil, err
	}
	m.validator, err = p.validator(validatorName, item, op)
	return m, err
}

func (p *parser) security(required *openapi3.SecurityRequirements) (*authorizer, error) {
	if required == nil || len(*required) == 0 {
		return nil, nil
	}
	if len(*required) > 1 || len((*required)[0]) != 1 {
		return nil, fmt.Errorf("an operation takes exactly one authorizer")
	}
	for name := range (*required)[0] {
		if a := p.authorizers[name]; a != nil {
			return a, nil
		}
		return nil, fmt.Errorf("there is no security scheme %s", name)
	}
	return nil, nil
}
