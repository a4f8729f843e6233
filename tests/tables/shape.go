package tables

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"

	"twofold/local/template"
)

// Released is the file with the released shapes, from the root of the repository.
const Released = "tests/tables/released.json"

// Shape is what of a table cannot be changed at will. Keys are "name:type:role", such as "pk:S:HASH".
type Shape struct {
	Kind         string           `json:"kind"` // Table or GlobalTable
	Key          []string         `json:"key"`
	Indexes      map[string]Index `json:"indexes,omitempty"`
	LocalIndexes map[string]Index `json:"localIndexes,omitempty"`
	Stream       string           `json:"stream,omitempty"`  // what of an item it shows
	Expires      string           `json:"expires,omitempty"` // the attribute of the time to live
}

// Index is a secondary index.
type Index struct {
	Key       []string `json:"key"`
	Projected string   `json:"projected"`
	Others    []string `json:"others,omitempty"` // attributes beside the keys
}

// properties are those of a table that make its shape.
type properties struct {
	TableName                                     any
	AttributeDefinitions                          []struct{ AttributeName, AttributeType string }
	KeySchema                                     []keyPart
	GlobalSecondaryIndexes, LocalSecondaryIndexes []struct {
		IndexName  string
		KeySchema  []keyPart
		Projection struct {
			ProjectionType   string
			NonKeyAttributes []string
		}
	}
	StreamSpecification     *struct{ StreamViewType string }
	TimeToLiveSpecification *struct{ AttributeName string }
}

type keyPart struct{ AttributeName, KeyType string }

// Read gives the shapes of all tables of the stacks, by name with ${Stage} in it.
func Read(root string) (map[string]Shape, error) {
	files, err := filepath.Glob(filepath.Join(root, "stacks", "*.yaml"))
	if err != nil {
		return nil, err
	}
	out := map[string]Shape{}
	for _, file := range files {
		found, err := readFile(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		maps.Copy(out, found)
	}
	return out, nil
}

func readFile(file string) (map[string]Shape, error) {
	t, err := template.Expand(file, nil)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Resources map[string]struct {
			Type       string
			Properties json.RawMessage
		}
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	out := map[string]Shape{}
	for id, r := range doc.Resources {
		kind := map[string]string{"AWS::DynamoDB::Table": "Table", "AWS::DynamoDB::GlobalTable": "GlobalTable"}[r.Type]
		if kind == "" {
			continue
		}
		var p properties
		if err := json.Unmarshal(r.Properties, &p); err != nil {
			return nil, fmt.Errorf("%s: %w", id, err)
		}
		name, _ := p.TableName.(map[string]any)
		text, named := name["Fn::Sub"].(string)
		if !named {
			return nil, fmt.Errorf("%s: its name is no Sub", id)
		}
		out[text] = p.shape(kind)
	}
	return out, nil
}

func (p properties) shape(kind string) Shape {
	s := Shape{Kind: kind, Key: p.key(p.KeySchema), Indexes: map[string]Index{}, LocalIndexes: map[string]Index{}}
	for _, i := range p.GlobalSecondaryIndexes {
		s.Indexes[i.IndexName] = Index{p.key(i.KeySchema), i.Projection.ProjectionType, i.Projection.NonKeyAttributes}
	}
	for _, i := range p.LocalSecondaryIndexes {
		s.LocalIndexes[i.IndexName] = Index{p.key(i.KeySchema), i.Projection.ProjectionType, i.Projection.NonKeyAttributes}
	}
	if p.StreamSpecification != nil {
		s.Stream = p.StreamSpecification.StreamViewType
	}
	if p.TimeToLiveSpecification != nil {
		s.Expires = p.TimeToLiveSpecification.AttributeName
	}
	return s
}

func (p properties) key(parts []keyPart) (out []string) {
	for _, k := range parts {
		for _, a := range p.AttributeDefinitions {
			if a.AttributeName == k.AttributeName {
				out = append(out, a.AttributeName+":"+a.AttributeType+":"+k.KeyType)
			}
		}
	}
	return out
}
