package eventbridge

import (
	"cmp"
	"encoding/json"
	"slices"

	"twofold/local/core"
)

// Schema is what the schema registry keeps. Nothing is validated with it at run time, as in
// AWS; see [Ports.Validate].
type Schema struct {
	Name    string
	Type    string // OpenApi3 or JSONSchemaDraft4
	Content string
}

type schemaKey struct{ region, registry, name string }

// Schema looks a schema up by registry and name.
func (s *Service) Schema(region, registry, name string) (Schema, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	found, ok := s.schemas[schemaKey{region, registry, name}]
	return found, ok
}

// Schemas are all schemas of a registry by name.
func (s *Service) Schemas(region, registry string) []Schema {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []Schema
	for k, v := range s.schemas {
		if k.region == region && k.registry == registry {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b Schema) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func (s *Service) provisionRegistry(r core.Resource) (core.Physical, error) {
	var in struct{ RegistryName string }
	if err := r.Decode(&in, "Description", "Tags"); err != nil {
		return core.Physical{}, err
	}
	name := cmp.Or(in.RegistryName, r.PhysicalName())
	arn := core.ARN("schemas", r.Region, "registry/"+name)
	return core.Physical{Ref: arn, Attrs: map[string]any{"RegistryArn": arn, "RegistryName": name}}, nil
}

func (s *Service) provisionSchema(r core.Resource) (core.Physical, error) {
	var in struct{ RegistryName, SchemaName, Type, Content string }
	if err := r.Decode(&in, "Description", "Tags"); err != nil {
		return core.Physical{}, err
	}
	if in.Type != "JSONSchemaDraft4" && in.Type != "OpenApi3" {
		return core.Physical{}, r.Errorf("Type must be JSONSchemaDraft4 or OpenApi3, not %q", in.Type)
	}
	if !json.Valid([]byte(in.Content)) {
		return core.Physical{}, r.Errorf("Content is not JSON")
	}
	registry, name := core.NameOf(in.RegistryName), cmp.Or(in.SchemaName, r.PhysicalName())
	s.mu.Lock()
	s.schemas[schemaKey{r.Region, registry, name}] = Schema{Name: name, Type: in.Type, Content: in.Content}
	s.mu.Unlock()
	arn := core.ARN("schemas", r.Region, "schema/"+registry+"/"+name)
	return core.Physical{Ref: arn, Attrs: map[string]any{"SchemaArn": arn, "SchemaName": name, "SchemaVersion": "1"}}, nil
}
