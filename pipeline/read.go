package pipeline

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"twofold/local/template"
)

// File is the pipeline's template, from the root of the repository.
const File = "stacks/pipeline.yaml"

// regionOf are the regions that the template's expressions stand for.
var regionOf = map[string]string{"AWS::Region": "us-east-1", "PeerRegion": "us-west-2"}

// Pipeline is the template, as far as it is checked.
type Pipeline struct {
	root      string
	Resources map[string]resource
	Stages    []Stage
	stores    []string // regions that keep artifacts
}

type resource struct {
	Type       string
	Properties map[string]any
}

// Stage is a stage with its actions in the order in which they run.
type Stage struct {
	Name    string
	Actions []Action
}

// Action is one action of a stage.
type Action struct {
	Name      string
	Provider  string
	Region    string // us-east-1 when the template names none
	Role      string // logical id
	Namespace string
	RunOrder  int
	Inputs    []string
	Outputs   []string
	Settings  map[string]any
}

// setting is a configuration value that is a text, or the logical id that it refers to.
func (a Action) setting(name string) string { return text(a.Settings[name]) }

// text is a string, or the name in a Ref or GetAtt.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case map[string]any:
		if ref, ok := v["Ref"].(string); ok {
			return ref
		}
		if list, ok := v["Fn::GetAtt"].([]any); ok && len(list) > 0 {
			return fmt.Sprint(list[0])
		}
	case nil:
		return ""
	}
	return fmt.Sprint(v)
}

// Read reads the pipeline of the repository at root.
func Read(root string) (*Pipeline, error) {
	t, err := template.Expand(filepath.Join(root, File), nil)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	p := &Pipeline{root: root}
	if err := json.Unmarshal(raw, p); err != nil {
		return nil, err
	}
	for _, r := range p.Resources {
		if r.Type == "AWS::CodePipeline::Pipeline" {
			return p, p.stages(r.Properties)
		}
	}
	return nil, fmt.Errorf("%s has no AWS::CodePipeline::Pipeline", File)
}

func (p *Pipeline) stages(properties map[string]any) error {
	raw, err := json.Marshal(properties)
	if err != nil {
		return err
	}
	var doc struct {
		ArtifactStores []struct{ Region any }
		Stages         []struct {
			Name    string
			Actions []struct {
				Name, Namespace string
				ActionTypeId    struct{ Provider string }
				RunOrder        int
				Region, RoleArn any
				InputArtifacts  []struct{ Name string }
				OutputArtifacts []struct{ Name string }
				Configuration   map[string]any
			}
		}
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return err
	}
	for _, s := range doc.ArtifactStores {
		p.stores = append(p.stores, regionOf[text(s.Region)])
	}
	for _, s := range doc.Stages {
		stage := Stage{Name: s.Name}
		for _, a := range s.Actions {
			next := Action{Name: a.Name, Provider: a.ActionTypeId.Provider, Role: text(a.RoleArn), Namespace: a.Namespace, RunOrder: a.RunOrder,
				Region: cmp.Or(regionOf[text(a.Region)], regionOf["AWS::Region"]), Settings: a.Configuration}
			for _, in := range a.InputArtifacts {
				next.Inputs = append(next.Inputs, in.Name)
			}
			for _, out := range a.OutputArtifacts {
				next.Outputs = append(next.Outputs, out.Name)
			}
			stage.Actions = append(stage.Actions, next)
		}
		slices.SortStableFunc(stage.Actions, func(a, b Action) int { return a.RunOrder - b.RunOrder })
		p.Stages = append(p.Stages, stage)
	}
	return nil
}

// Buildspec is what a CodeBuild project runs.
type Buildspec struct {
	Env struct {
		Exported []string `yaml:"exported-variables"`
	}
	Phases    map[string]struct{ Commands []string }
	Artifacts struct {
		Secondary map[string]struct {
			Base string `yaml:"base-directory"`
		} `yaml:"secondary-artifacts"`
	}
}

// Commands are the commands in the order in which they run.
func (b Buildspec) Commands() (all []string) {
	for _, phase := range []string{"install", "pre_build", "build", "post_build"} {
		all = append(all, b.Phases[phase].Commands...)
	}
	return all
}

// buildspec is the buildspec of a project.
func (p *Pipeline) buildspec(project string) (b Buildspec, name string, err error) {
	source, _ := p.Resources[project].Properties["Source"].(map[string]any)
	name = text(source["BuildSpec"])
	raw, err := os.ReadFile(filepath.Join(p.root, name))
	if err != nil || name == "" {
		return b, name, fmt.Errorf("the project %q has no buildspec %q", project, name)
	}
	if err := yaml.Unmarshal(raw, &b); err != nil {
		return b, name, fmt.Errorf("%s: %w", name, err)
	}
	return b, name, nil
}

// path splits Artifact::file.
func path(v string) (artifact, file string) {
	artifact, file, _ = strings.Cut(v, "::")
	return artifact, file
}
