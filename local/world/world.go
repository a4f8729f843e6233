package world

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"time"

	"twofold/local/core"
	"twofold/local/lambda"
	"twofold/local/template"
)

// Options say what is started.
type Options struct {
	Root      string            // the repository: where samconfig.toml stands
	Functions string            // folder of the compiled functions, one file for each, named like its folder in functions/
	Stage     string            // prefix of the environments of samconfig.toml; "local" when empty
	Lag       time.Duration     // how long replication between the regions takes
	Overrides map[string]string // template parameters that take the place of samconfig's
	Listen    string            // address of the AWS endpoint; a free port of 127.0.0.1 when empty
	Logs      string            // folder for what functions write; nowhere when empty
	Speed     float64           // how many seconds of the schedules' clock pass in one second; 1 when 0
	Seed      uint64            // of everything that is drawn; from the clock when 0
}

// World is a running platform. Close it.
type World struct {
	opts    Options
	cloud   *core.Cloud
	live    *core.Live
	ctx     context.Context // parent of all tasks
	cancel  context.CancelFunc
	svc     services
	stacks  []*template.Stack
	regions []string
	hosts   hosts
	inert   map[string]int // resource types that do nothing here, and how many there are
}

// Start starts the services, the stand-ins and their listeners, and deploys.
func Start(ctx context.Context, opts Options) (*World, error) {
	opts = withDefaults(opts)
	faults := core.NewFaults(opts.Lag)
	live := core.NewLive(faults)
	cloud := core.New(live, faults, opts.Seed)
	ctx, cancel := context.WithCancel(ctx)
	w := &World{opts: opts, cloud: cloud, live: live, ctx: ctx, cancel: cancel, inert: map[string]int{}}
	if err := w.start(); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func withDefaults(o Options) Options {
	if o.Stage == "" {
		o.Stage = "local"
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.Seed == 0 {
		o.Seed = uint64(time.Now().UnixNano())
	}
	return o
}

func (w *World) start() error {
	deployments, err := template.ReadSamConfig(w.opts.Root+"/samconfig.toml", w.opts.Stage+"-")
	if err != nil {
		return err
	}
	w.regions = regionsOf(deployments)
	if err := w.hosts.listen(w.opts.Listen, w.regions); err != nil {
		return err
	}
	if err := w.newServices(); err != nil {
		return err
	}
	w.hosts.serve(w)
	return w.deploy(deployments)
}

// regionsOf are the regions of the deployments, each once, sorted by name.
func regionsOf(deployments []template.Deployment) []string {
	seen := map[string]bool{}
	var out []string
	for _, d := range deployments {
		if !seen[d.Region] {
			seen[d.Region] = true
			out = append(out, d.Region)
		}
	}
	sort.Strings(out)
	return out
}

// Close stops everything that was started and waits until it has stopped.
func (w *World) Close() error {
	w.cancel()
	err := w.hosts.close()
	if w.svc.runner != nil {
		err = errors.Join(err, w.svc.runner.Close())
	}
	w.live.Drain()
	return err
}

// Regions are the regions by name.
func (w *World) Regions() []string { return w.regions }

// Endpoint is the AWS endpoint of all services and regions.
func (w *World) Endpoint() string { return "http://" + w.hosts.aws.Addr().String() }

// APIURL is the base of a region's API.
func (w *World) APIURL(region string) string { return "http://" + w.hosts.apis[region].Addr().String() }

// Cloud gives access to faults, journal and meter.
func (w *World) Cloud() *core.Cloud { return w.cloud }

// Stacks is how many stacks were deployed, nested ones included.
func (w *World) Stacks() int {
	n := 0
	for _, s := range w.stacks {
		n++
		s.Walk(func(d template.Deployed) {
			if d.Nested != nil {
				n++
			}
		})
	}
	return n
}

// Resources is how many resources were deployed.
func (w *World) Resources() int { return w.count(func(template.Deployed) bool { return true }) }

// Functions is how many functions were deployed, in both regions together.
func (w *World) Functions() int {
	return w.count(func(d template.Deployed) bool { return d.Type == "AWS::Lambda::Function" })
}

func (w *World) count(what func(template.Deployed) bool) int {
	n := 0
	for _, s := range w.stacks {
		s.Walk(func(d template.Deployed) {
			if what(d) {
				n++
			}
		})
	}
	return n
}

// Inert lists the resource types that were deployed and do nothing on one machine, with their number.
func (w *World) Inert() []string {
	var out []string
	for t, n := range w.inert {
		out = append(out, fmt.Sprintf("%s (%d)", t, n))
	}
	sort.Strings(out)
	return out
}

// Invoke invokes a function as the operator would with the AWS CLI.
func (w *World) Invoke(ctx context.Context, region, function string, payload []byte) ([]byte, error) {
	res, err := w.svc.lambda.Invoke(ctx, region, function, "live", core.Principal{}, lambda.RequestResponse, payload)
	if err != nil {
		return nil, err
	}
	if res.FunctionError != "" {
		return nil, fmt.Errorf("%s in %s: %s", function, region, res.Payload)
	}
	return res.Payload, nil
}

// LoseRegion takes a region away: its processes are killed, its endpoints refuse, its work stops where it stands.
func (w *World) LoseRegion(region string) {
	w.cloud.Faults.SetRegion(region, core.Lost)
	w.svc.runner.KillRegion(region)
}

// RestoreRegion brings a lost region back with its stores as they were.
func (w *World) RestoreRegion(region string) { w.cloud.Faults.SetRegion(region, core.Up) }
