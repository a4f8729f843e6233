package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"twofold/local/core"
)

// artifact is a property that names a file, and the property that holds its content.
type artifact struct {
	path, content string
	document      bool // the content is a mapping, not text
}

var artifacts = map[string]artifact{
	"AWS::StepFunctions::StateMachine": {"DefinitionS3Location", "DefinitionString", false},
	"AWS::ApiGateway::RestApi":         {"BodyS3Location", "Body", true},
}

// readArtifact puts the content of a local file in place of its path.
func readArtifact(res *core.Resource, folder, shown string, decl *Map) error {
	a := artifacts[res.Type]
	path, ok := res.Properties[a.path].(string)
	if !ok {
		return nil
	}
	props, _ := decl.Get("Properties").(*Map)
	file := filepath.Join(shown, path)
	content, err := readContent(file, a.document)
	if err != nil {
		return props.at(a.path).Errorf("%s: %v", res.LogicalID, err)
	}
	delete(res.Properties, a.path)
	res.Properties[a.content] = content
	res.Metadata[MetadataFile] = filepath.Join(folder, path)
	return nil
}

func readContent(file string, document bool) (any, error) {
	if !document {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		return string(text), wellFormed(file, text)
	}
	m, err := parser{file: file, plain: true}.parseFile()
	if err != nil {
		return nil, err
	}
	return plainJSON(m)
}

// wellFormed checks a .json file here, where its lines are still known.
func wellFormed(file string, text []byte) error {
	if !strings.HasSuffix(file, ".json") {
		return nil
	}
	var v any
	err := json.Unmarshal(text, &v)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return Pos{File: file, Line: 1 + bytes.Count(text[:syntax.Offset], []byte("\n"))}.Errorf("%v", err)
	}
	return err
}
