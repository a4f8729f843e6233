package pipeline

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"twofold/local/template"
)

// File is the pipeline's template, and StageFile what is nested in it for each stage, from the root of the repository.
const (
	File      = "stacks/pipeline.yaml"
	StageFile = "stacks/pipeline-stage.yaml"
)

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
		if list, ok := v["Fn::GetAtt"].([]any); ok && len(list) > 1 {
			return fmt.Sprint(list[0]) + nestedRole(fmt.Sprint(list[1]))
		}
	case nil:
		return ""
	}
	return fmt.Sprint(v)
}

// nestedRole is the role whose ARN is a nested stack's output: of Outputs.DeployRoleArn, DeployRole.
func nestedRole(attribute string) string {
	name, is := strings.CutPrefix(attribute, "Outputs.")
	if !is {
		return ""
	}
	return strings.TrimSuffix(name, "Arn")
}

// Read reads the pipeline of the repository at root. A resource of a nested stack is known by that stack's name and its own, such as StagingDeployRole.
func Read(root string) (*Pipeline, error) {
	p := &Pipeline{root: root}
	var err error
	if p.Resources, err = resources(filepath.Join(root, File)); err != nil {
		return nil, err
	}
	for stack, r := range maps.Clone(p.Resources) {
		if r.Type != "AWS::CloudFormation::Stack" {
			continue
		}
		nested, err := resources(filepath.Join(root, filepath.Dir(File), text(r.Properties["TemplateURL"])))
		if err != nil {
			return nil, err
		}
		for id, inside := range nested {
			p.Resources[stack+id] = inside
		}
	}
	for _, r := range p.Resources {
		if r.Type == "AWS::CodePipeline::Pipeline" {
			return p, p.stages(r.Properties)
		}
	}
	return nil, fmt.Errorf("%s has no AWS::CodePipeline::Pipeline", File)
}

// resources are those of one template, by logical id.
func resources(file string) (map[string]resource, error) {
	t, err := template.Expand(file, nil)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	var out struct{ Resources map[string]resource }
	return out.Resources, json.Unmarshal(raw, &out)
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
