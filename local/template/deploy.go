package template

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"twofold/local/core"
)

const (
	// MetadataFolder is the key of a resource's Metadata with the absolute folder of its
	// template: local paths such as a function's Code are relative to it.
	MetadataFolder = "twofold:Folder"
	// MetadataFile is the key with the file that DefinitionString or Body was read from.
	MetadataFile = "twofold:File"
)

// DynamicReference answers {{resolve:service:reference}}; service is "ssm" or "secretsmanager".
type DynamicReference func(ctx context.Context, region, service, reference string) (string, error)

// Deployer deploys stacks and knows the exports of those it deployed. It is used by one
// goroutine at a time.
type Deployer struct {
	provisioner core.Provisioner
	dynamic     DynamicReference
	exports     map[string]map[string]export // region, name
}

type export struct{ stack, value string }

// NewDeployer makes a Deployer; without dynamic (nil) a dynamic reference is an error.
func NewDeployer(p core.Provisioner, dynamic DynamicReference) *Deployer {
	return &Deployer{provisioner: p, dynamic: dynamic, exports: map[string]map[string]export{}}
}

// Deploy creates or updates one stack with its nested stacks. What the template no longer
// has is left alone. On an error, what was created before it stays.
func (d *Deployer) Deploy(ctx context.Context, in Deployment) (*Stack, error) {
	return d.deploy(ctx, request{file: in.TemplateFile, name: in.StackName, region: in.Region,
		params: in.Parameters, from: in.Pos})
}

// request is one stack to deploy, top or nested.
type request struct {
	file, name, region string
	params             map[string]string
	from               Pos      // where it is asked for
	above              []string // the files of the stacks around it
}

// run is the deployment of one stack under way.
type run struct {
	*Deployer
	request
	t      *Template
	scope  *scope
	folder string
	stack  *Stack
}

func (d *Deployer) deploy(ctx context.Context, req request) (*Stack, error) {
	ctx = core.WithRegion(ctx, req.region)
	r, err := d.prepare(ctx, req)
	if err != nil {
		return nil, err
	}
	ids, err := r.scope.order()
	if err != nil {
		return nil, err
	}
	if err := r.scope.checkOutputs(); err != nil {
		return nil, err
	}
	for _, id := range ids {
		if err := r.create(ctx, id); err != nil {
			return nil, err
		}
	}
	return r.stack, r.outputs()
}

// prepare loads and expands the template, with its parameters and conditions.
func (d *Deployer) prepare(ctx context.Context, req request) (*run, error) {
	file, err := filepath.Abs(req.file)
	if err != nil {
		return nil, err
	}
	if contains(req.above, file) {
		return nil, req.from.Errorf("%s contains itself as a nested stack", req.file)
	}
	req.above = append(append([]string{}, req.above...), file)
	t, err := load(req.file)
	if err != nil {
		return nil, req.blame(err)
	}
	params, err := t.parameters(ctx, req.params, req.from, d.dynamic, req.region)
	if err != nil {
		return nil, err
	}
	if err := t.expand(params); err != nil {
		return nil, err
	}
	id := stackID(req.region, req.name)
	sc, err := newScope(t, params, pseudoParameters(req.region, req.name, id), d.imports(req.region))
	if err != nil {
		return nil, err
	}
	stack := &Stack{Name: req.name, Region: req.region, ID: id, File: req.file, Outputs: map[string]string{}}
	return &run{Deployer: d, request: req, t: t, scope: sc, folder: filepath.Dir(file), stack: stack}, nil
}

// create provisions one resource.
func (r *run) create(ctx context.Context, id string) error {
	decl := r.t.resource(id)
	res, err := r.resource(ctx, id, decl)
	if err != nil {
		return err
	}
	if res.Type == nestedStack {
		return r.nest(ctx, decl, res)
	}
	if err := readArtifact(&res, r.folder, filepath.Dir(r.file), decl); err != nil {
		return err
	}
	p, err := r.provisioner.Provision(ctx, res)
	if err != nil {
		if strings.HasPrefix(err.Error(), res.Position) {
			return err
		}
		return fmt.Errorf("%s: %s (%s): %w", res.Position, id, res.Type, err)
	}
	r.done(res, p, nil)
	return nil
}

func (r *run) done(res core.Resource, p core.Physical, nested *Stack) {
	r.scope.physical[res.LogicalID] = p
	r.stack.Resources = append(r.stack.Resources, Deployed{Resource: res, Physical: p, Nested: nested})
}

// resource resolves a declaration.
func (r *run) resource(ctx context.Context, id string, decl *Map) (core.Resource, error) {
	typ, _ := decl.Get("Type").(string)
	res := core.Resource{Region: r.region, Stack: r.name, LogicalID: id, Type: typ, Position: decl.Pos.String()}
	for part, into := range map[string]*map[string]any{"Properties": &res.Properties, "Metadata": &res.Metadata, "UpdatePolicy": &res.UpdatePolicy} {
		*into = map[string]any{}
		m, _ := decl.Get(part).(*Map)
		if m == nil {
			continue
		}
		v, err := r.scope.resolveMap(m)
		if err != nil {
			return res, err
		}
		*into = v.(map[string]any)
	}
	res.Metadata[MetadataFolder] = r.folder
	for name, v := range res.Properties {
		out, err := r.references(ctx, v)
		if err != nil {
			props, _ := decl.Get("Properties").(*Map)
			return res, props.at(name).Errorf("%s: %s: %v", id, name, err)
		}
		res.Properties[name] = out
	}
	return res, nil
}

// blame puts the place that asks for a file before an error that has none, such as a missing file.
func (q request) blame(err error) error {
	if strings.HasPrefix(err.Error(), q.file) || q.from.File == "" {
		return err
	}
	return q.from.Errorf("%v", err)
}
