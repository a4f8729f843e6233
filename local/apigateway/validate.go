package apigateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// validatorDoc is one of x-amazon-apigateway-request-validators.
type validatorDoc struct {
	Body       bool `json:"validateRequestBody"`
	Parameters bool `json:"validateRequestParameters"`
}

// validator checks a request ahead of its integration.
type validator struct {
	required []parameter
	models   map[string]*openapi3.Schema // by content type; nil checks no body
}

type parameter struct{ in, name string }

func (p *parser) validator(name string, item *openapi3.PathItem, op *openapi3.Operation) (validator, error) {
	var out validator
	if name == "" {
		return out, nil
	}
	doc, ok := p.validators[name]
	if !ok {
		return out, fmt.Errorf("there is no request validator %q", name)
	}
	if doc.Parameters {
		for _, ref := range append(append(openapi3.Parameters{}, item.Parameters...), op.Parameters...) {
			if v := ref.Value; v.Required && (v.In == "query" || v.In == "header") {
				out.required = append(out.required, parameter{v.In, v.Name})
			}
		}
	}
	if !doc.Body || op.RequestBody == nil {
		return out, nil
	}
	out.models = map[string]*openapi3.Schema{}
	for contentType, media := range op.RequestBody.Value.Content {
		if media.Schema == nil {
			continue
		}
		relax(media.Schema, map[*openapi3.Schema]bool{})
		out.models[strings.ToLower(contentType)] = media.Schema.Value
	}
	return out, nil
}

// relax takes out the keywords that API Gateway does not check.
func relax(ref *openapi3.SchemaRef, seen map[*openapi3.Schema]bool) {
	visit(ref, seen, func(s *openapi3.Schema) {
		s.AdditionalProperties = openapi3.AdditionalProperties{}
		s.AnyOf, s.OneOf, s.Discriminator = nil, nil, nil
		s.MinItems, s.MaxItems = 0, nil
	})
}

func visit(ref *openapi3.SchemaRef, seen map[*openapi3.Schema]bool, do func(*openapi3.Schema)) {
	if ref == nil || ref.Value == nil || seen[ref.Value] {
		return
	}
	s := ref.Value
	seen[s] = true
	do(s)
	visit(s.Items, seen, do)
	visit(s.Not, seen, do)
	for _, group := range []openapi3.SchemaRefs{s.AllOf, s.AnyOf, s.OneOf} {
		for _, one := range group {
			visit(one, seen, do)
		}
	}
	for _, one := range s.Properties {
		visit(one, seen, do)
	}
}

func (v *validator) check(x *exchange) *failure {
	if f := v.checkParameters(x); f != nil {
		return f
	}
	schema := v.models[mediaType(x.r.Header)]
	if schema == nil {
		return nil
	}
	var body any
	if len(x.body) > 0 {
		if err := json.Unmarshal(x.body, &body); err != nil {
			return invalidBody("Unable to parse the request body as JSON")
		}
	}
	if err := schema.VisitJSON(body, openapi3.MultiErrors()); err != nil {
		return invalidBody("[" + strings.Join(messages(err), ", ") + "]")
	}
	return nil
}

func invalidBody(why string) *failure {
	f := fail(badRequestBody, "Invalid request body")
	f.validation = why
	return f
}

func (v *validator) checkParameters(x *exchange) *failure {
	var missing []string
	for _, p := range v.required {
		given := ""
		if p.in == "query" {
			given = x.query.Get(p.name)
		} else {
			given = x.r.Header.Get(p.name)
		}
		if strings.TrimSpace(given) == "" {
			missing = append(missing, p.name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	f := fail(badRequestParameters, "Missing required request parameters: ["+strings.Join(missing, ", ")+"]")
	f.validation = f.message
	return f
}

// messages says what is wrong in the words that API Gateway uses, in a stable order.
func messages(err error) []string {
	var many openapi3.MultiError
	if !errors.As(err, &many) {
		many = openapi3.MultiError{err}
	}
	var out, absent []string
	for _, one := range many {
		var s *openapi3.SchemaError
		switch {
		case !errors.As(one, &s):
			out = append(out, one.Error())
		case s.SchemaField == "required":
			absent = append(absent, compact(absentProperty(s)))
		default:
			out = append(out, message(s))
		}
	}
	if len(absent) > 0 {
		sort.Strings(absent)
		out = append(out, "object has missing required properties (["+strings.Join(absent, ",")+"])")
	}
	sort.Strings(out)
	return out
}

// absentProperty is the last part of the pointer at a required property that is not there.
func absentProperty(s *openapi3.SchemaError) string {
	pointer := s.JSONPointer()
	if len(pointer) == 0 {
		return s.Reason
	}
	return pointer[len(pointer)-1]
}

func message(s *openapi3.SchemaError) string {
	switch s.SchemaField {
	case "type", "nullable":
		return fmt.Sprintf("instance type (%s) does not match any allowed primitive type (allowed: %s)", primitive(s.Value), compact(allowed(s.Schema)))
	case "enum":
		return fmt.Sprintf("instance value (%s) not found in enum (possible values: %s)", compact(s.Value), compact(s.Schema.Enum))
	case "minimum":
		return fmt.Sprintf("numeric instance is lower than the required minimum (minimum: %v, found: %v)", *s.Schema.Min, s.Value)
	case "maximum":
		return fmt.Sprintf("numeric instance is greater than the required maximum (maximum: %v, found: %v)", *s.Schema.Max, s.Value)
	case "minLength":
		return fmt.Sprintf("string %s is too short (length: %d, required minimum: %d)", compact(s.Value), length(s.Value), s.Schema.MinLength)
	case "maxLength":
		return fmt.Sprintf("string %s is too long (length: %d, maximum allowed: %d)", compact(s.Value), length(s.Value), *s.Schema.MaxLength)
	case "pattern":
		return fmt.Sprintf("ECMA 262 regex %s does not match input string %s", compact(s.Schema.Pattern), compact(s.Value))
	case "uniqueItems":
		return "array must not contain duplicate elements"
	}
	return s.Reason
}

func allowed(s *openapi3.Schema) []string {
	var out []string
	for _, t := range s.Type.Slice() {
		out = append(out, t)
		if t == "number" {
			out = append(out, "integer")
		}
	}
	sort.Strings(out)
	return out
}

func primitive(v any) string {
	switch n := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case float64:
		if n == float64(int64(n)) {
			return "integer"
		}
		return "number"
	}
	return "object"
}

func length(v any) int { s, _ := v.(string); return len([]rune(s)) }

func compact(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}
