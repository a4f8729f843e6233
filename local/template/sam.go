package template

import (
	"crypto/sha1" // the hash in SAM's logical ids
	"encoding/hex"
	"encoding/json"
	"strings"
)

// sam is one run of the SAM transform over a template.
// See https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html.
type sam struct {
	t         *Template
	params    map[string]any
	globals   map[string]*Map   // by resource kind: "Function", "Api", ...
	out       *Map              // the new Resources
	generated map[string]string // "Orders.Version" -> the logical id that a template may refer to so
	shifted   []shift           // functions that CodeDeploy shifts
}

// samResource is an AWS::Serverless resource on its way through the transform.
type samResource struct {
	*bag
	id   string
	decl *Map
}

var samKinds = map[string]func(*sam, *samResource) error{
	"Function":     (*sam).function,
	"Api":          (*sam).api,
	"StateMachine": (*sam).stateMachine,
	"Application":  (*sam).application,
}

// globalKeys are what Globals may carry for a kind.
// See https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html.
var globalKeys = map[string][]string{
	"Function": {"Handler", "Runtime", "CodeUri", "DeadLetterQueue", "Description", "MemorySize", "Timeout",
		"Environment", "Tags", "Tracing", "KmsKeyArn", "AutoPublishAlias", "DeploymentPreference", "RolePath",
		"PermissionsBoundary", "ReservedConcurrentExecutions", "ProvisionedConcurrencyConfig",
		"AssumeRolePolicyDocument", "EventInvokeConfig", "Architectures", "EphemeralStorage",
		"RuntimeManagementConfig", "LoggingConfig", "RecursiveLoop"},
	"Api": {"Name", "DefinitionUri", "CacheClusterEnabled", "CacheClusterSize", "Variables", "EndpointConfiguration",
		"MethodSettings", "BinaryMediaTypes", "MinimumCompressionSize", "GatewayResponses", "AccessLogSetting",
		"CanarySetting", "TracingEnabled", "OpenApiVersion"},
}

// transform rewrites a SAM template as CloudFormation, in place.
func transform(t *Template, params map[string]any) error {
	s := &sam{t: t, params: params, globals: map[string]*Map{}, out: &Map{Pos: t.section("Resources").Pos},
		generated: map[string]string{}}
	if err := s.readGlobals(); err != nil {
		return err
	}
	for _, f := range t.section("Resources").Fields {
		if err := s.resource(f.Key, t.resource(f.Key)); err != nil {
			return err
		}
	}
	if err := s.codeDeploy(); err != nil {
		return err
	}
	root := &Map{Pos: t.Root.Pos}
	for _, f := range t.Root.Fields {
		if f.Key == "Resources" {
			f.Value = s.out
		}
		if f.Key != "Transform" && f.Key != "Globals" {
			root.Fields = append(root.Fields, f)
		}
	}
	t.Root = root
	if err := s.refer(s.out); err != nil {
		return err
	}
	return s.refer(t.section("Outputs"))
}

func (s *sam) readGlobals() error {
	for _, f := range s.t.section("Globals").Fields {
		m, err := asMap(f.Value, f.Pos, "Globals: "+f.Key)
		if err != nil {
			return err
		}
		keys, ok := globalKeys[f.Key]
		if !ok {
			return f.Pos.Errorf("Globals: %s is not understood", f.Key)
		}
		if err := m.only("Globals: "+f.Key, keys...); err != nil {
			return err
		}
		s.globals[f.Key] = m
	}
	return nil
}

func (s *sam) resource(id string, decl *Map) error {
	typ, _ := decl.Get("Type").(string)
	kind, serverless := strings.CutPrefix(typ, "AWS::Serverless::")
	if !serverless {
		return s.add(id, decl)
	}
	run := samKinds[kind]
	if run == nil {
		return decl.at("Type").Errorf("%s: %s is not transformed", id, typ)
	}
	props, _ := decl.Get("Properties").(*Map)
	if props == nil {
		props = &Map{Pos: decl.Pos}
	}
	if g := s.globals[kind]; g != nil {
		props = mergeGlobals(g, props)
	}
	r := &samResource{bag: newBag(id+" ("+typ+")", props), id: id, decl: decl}
	if err := run(s, r); err != nil {
		return err
	}
	return r.done()
}

// mergeGlobals lays a resource's properties over the global ones: mappings merge, lists
// join, anything else is replaced; so is Architectures.
func mergeGlobals(global, local *Map) *Map {
	out := &Map{Pos: local.Pos, Fields: append([]Field{}, global.Fields...)}
	for _, f := range local.Fields {
		old, ok := out.Lookup(f.Key)
		if !ok {
			out.Fields = append(out.Fields, f)
			continue
		}
		for i := range out.Fields {
			if out.Fields[i].Key == f.Key {
				out.Fields[i] = Field{Key: f.Key, Value: mergeValue(f.Key, old.Value, f.Value), Pos: f.Pos}
			}
		}
	}
	return out
}

func mergeValue(key string, global, local any) any {
	if g, ok := global.(*Map); ok {
		if l, ok := local.(*Map); ok {
			return mergeGlobals(g, l)
		}
	}
	if g, ok := global.([]any); ok && key != "Architectures" {
		if l, ok := local.([]any); ok {
			return append(append([]any{}, g...), l...)
		}
	}
	return local
}

// add puts a resource into the new template.
func (s *sam) add(id string, r *Map) error {
	if first, twice := s.out.Lookup(id); twice {
		return r.Pos.Errorf("the logical id %s is generated here, and already stands at %s", id, first.Pos)
	}
	s.out.Fields = append(s.out.Fields, Field{Key: id, Value: r, Pos: r.Pos})
	return nil
}

// main adds the resource that keeps the logical id and all attributes of the SAM resource.
func (s *sam) main(r *samResource, typ string, props *Map) error {
	out := object(r.decl.Pos, "Type", typ)
	for _, f := range r.decl.Fields {
		if f.Key != "Type" && f.Key != "Properties" {
			out.Set(f.Key, f.Value)
		}
	}
	out.Set("Properties", props)
	return s.add(r.id, out)
}

// derived adds a generated resource; it has the condition and retention of its source.
// Further attributes follow as key, value.
func (s *sam) derived(r *samResource, id, typ string, props *Map, attributes ...any) error {
	out := object(r.decl.Pos, "Type", typ)
	for _, key := range []string{"Condition", "DeletionPolicy", "UpdateReplacePolicy"} {
		out.Set(key, r.decl.Get(key))
	}
	for i := 0; i < len(attributes); i += 2 {
		if key := attributes[i].(string); out.Get(key) == nil {
			out.Set(key, attributes[i+1])
		}
	}
	out.Set("Properties", props)
	return s.add(id, out)
}

// param replaces a Ref to a parameter by its value where SAM must know it.
func (s *sam) param(v any) any {
	if c, ok := v.(*Intrinsic); ok && c.Name == "Ref" {
		if name, ok := c.Arg.(string); ok && s.params[name] != nil {
			return s.params[name]
		}
	}
	return v
}

// digest is the SHA-1 of a value's JSON with sorted keys; its first ten characters are
// the suffix of logical ids that change with what they were made from.
func digest(v any) (string, error) {
	raw, err := encode(v)
	if err != nil {
		return "", err
	}
	var sorted any
	if err := json.Unmarshal(raw, &sorted); err != nil {
		return "", err
	}
	if raw, err = encode(sorted); err != nil {
		return "", err
	}
	sum := sha1.Sum(raw)
	return hex.EncodeToString(sum[:]), nil
}

// tagList is Tags as CloudFormation has them, SAM's own first.
func tagList(pos Pos, own string, tags *Map) []any {
	var list []any
	if own != "" {
		list = append(list, object(pos, "Key", own, "Value", "SAM"))
	}
	if tags != nil {
		for _, f := range tags.Fields {
			list = append(list, object(f.Pos, "Key", f.Key, "Value", f.Value))
		}
	}
	return list
}
