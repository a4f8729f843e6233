package world

import (
	"context"
	"crypto/rsa"
	"fmt"
	"maps"
	"reflect"

	"twofold/local/apigateway"
	"twofold/local/core"
	"twofold/local/providers/issuer"
	"twofold/local/template"
)

// Prepared is a deployment that was read and resolved once, for many simulated worlds: templates, samconfig.toml and the API document are
// read and expanded, the schemas of events are compiled, and the issuer's key is drawn. What is shared is never written to, so that worlds may run at once.
//
// Each world still provisions every resource itself, in the order and with the properties that the deployer gave the first one. A
// resource that answers otherwise than it did there, so that what depends on it would have been resolved otherwise, is an error.
type Prepared struct {
	root        string
	key         *rsa.PrivateKey
	documents   *apigateway.Documents
	schemas     *compiledSchemas
	deployments []template.Deployment
	stacks      []*template.Stack
	steps       []provisioned
}

// provisioned is one resource and what it answered.
type provisioned struct {
	resource core.Resource
	physical core.Physical
}

// Prepare reads what is deployed from the repository at root.
func Prepare(root string) (*Prepared, error) {
	key, err := issuer.NewKey(core.NewRand(1))
	if err != nil {
		return nil, err
	}
	p := &Prepared{root: root, key: key, documents: apigateway.NewDocuments(), schemas: newCompiledSchemas()}
	w, err := Simulate(Options{Root: root, Seed: 1, prepared: p})
	if err != nil {
		return nil, err
	}
	if p.deployments, err = w.deployments(); err != nil {
		return nil, err
	}
	p.stacks, p.steps = w.stacks, w.provisions
	return p, w.Close()
}

// Simulate is the function of that name with what was prepared. Options that change what is deployed (Stage, Overrides, Regions, Bare)
// have it resolved anew. Worlds of one Prepared may run at the same time, each in a goroutine of its own.
func (p *Prepared) Simulate(opts Options) (*World, error) {
	opts.Root, opts.prepared = p.root, p
	if opts.Stage != "" || len(opts.Overrides)+len(opts.Regions)+len(opts.Bare) > 0 {
		opts.prepared = &Prepared{root: p.root, key: p.key, documents: p.documents, schemas: p.schemas}
	}
	return Simulate(opts)
}

// replay provisions what was prepared.
func (p *Prepared) replay(ctx context.Context, w *World) error {
	for _, s := range p.steps {
		r := s.resource
		got, err := w.provision(core.WithRegion(ctx, r.Region), r)
		if err != nil {
			return fmt.Errorf("%s: %s (%s): %w", r.Position, r.LogicalID, r.Type, err)
		}
		if !same(got, s.physical) {
			return r.Errorf("it is %v in this world and %v in the one that was prepared: what refers to it cannot be shared", got, s.physical)
		}
	}
	w.stacks = p.stacks
	return nil
}

// same compares without what each world draws anew and no template asks for.
func same(a, b core.Physical) bool {
	if a.Ref != b.Ref || len(a.Attrs) != len(b.Attrs) {
		return false
	}
	for name, v := range a.Attrs {
		if name != "TableId" && !reflect.DeepEqual(v, b.Attrs[name]) {
			return false
		}
	}
	return true
}

// provisioner is provision, which is noted for worlds to come.
func (w *World) provisioner() core.ProvisionerFunc {
	if w.opts.prepared == nil {
		return w.provision
	}
	return func(ctx context.Context, r core.Resource) (core.Physical, error) {
		got, err := w.provision(ctx, r)
		w.provisions = append(w.provisions, provisioned{r, core.Physical{Ref: got.Ref, Attrs: maps.Clone(got.Attrs)}})
		return got, err
	}
}
