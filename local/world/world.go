package world

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"sort"
	"sync"
	"time"

	"twofold/local/core"
	"twofold/local/lambda"
	"twofold/local/template"
)

// Options say what is started.
type Options struct {
	Root        string            // the repository: where samconfig.toml stands
	Stage       string            // prefix of the environments of samconfig.toml; "local" when empty
	Lag         time.Duration     // how long replication between the regions takes
	Overrides   map[string]string // template parameters that take the place of samconfig's
	Regions     []string          // of the stage those that run, the others being lost from the start; all when empty
	Speed       float64           // how many seconds of the schedules' clock pass in one second; 1 when 0
	Seed        uint64            // of everything that is drawn; live from the clock when 0
	Unthrottled bool              // without DynamoDB's limits on what one partition takes
	Alarms      bool              // evaluate alarms in a simulated world too; a live one always does
	Latency     Latency           // of requests in a simulated world; none when zero
	Bare        []string          // regions of a cloud into which nothing is deployed; Root and Stage are not read then

	// Of a live world alone.
	Functions string // folder of the compiled functions, one file for each, named like its folder in functions/
	Listen    string // address of the AWS endpoint; a free port of 127.0.0.1 when empty
	Logs      string // folder for what functions write; nowhere when empty
	Data      string // folder for what outlives the process; nothing does when empty

	prepared *Prepared // what was read before
}

// World is a running platform. Close it.
type World struct {
	opts       Options
	cloud      *core.Cloud
	driver     driver
	weather    *weather
	sim        *core.Sim       // nil in a live world
	ctx        context.Context // parent of all tasks
	cancel     context.CancelFunc
	svc        services
	stacks     []*template.Stack
	provisions []provisioned // of a world that is being prepared
	regions    []string
	absent     []string          // regions of the stage that do not run
	bases      map[string]string // base URLs by name of the address
	inert      map[string]int    // resource types that do nothing here, and how many there are
	data       *data             // nil when nothing outlives the process
	code       sync.Map          // *lambda.Version -> platform.Constructor: of versions with code of their own
}

// Start starts the services, the stand-ins and their listeners, and deploys: the live world.
func Start(ctx context.Context, opts Options) (*World, error) {
	if opts.Seed == 0 {
		opts.Seed = uint64(time.Now().UnixNano())
	}
	if opts.Listen == "" {
		opts.Listen = "127.0.0.1:0"
	}
	faults := core.NewFaults(opts.Lag)
	return start(ctx, opts, newLiveDriver(faults, opts.Listen), faults)
}

func start(ctx context.Context, opts Options, d driver, faults *core.Faults) (*World, error) {
	if opts.Stage == "" {
		opts.Stage = "local"
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &World{opts: opts, cloud: core.New(d, faults, opts.Seed), driver: d, weather: newWeather(faults, opts.Seed, opts.Lag), ctx: ctx, cancel: cancel,
		bases: map[string]string{}, inert: map[string]int{}}
	w.arm()
	if err := w.Do(ctx, "deploy", w.start); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func (w *World) start(ctx context.Context) error {
	deployments, err := w.deployments()
	if err != nil {
		return err
	}
	w.regions = append(regionsOf(deployments), w.opts.Bare...)
	if deployments, err = w.choose(deployments); err != nil {
		return err
	}
	if err := w.bindAll(); err != nil {
		return err
	}
	if err := w.openData(); err != nil {
		return err
	}
	if err := w.newServices(); err != nil {
		return err
	}
	if err := w.loadData(); err != nil {
		return err
	}
	w.serveAll()
	if err := w.deploy(ctx, deployments); err != nil {
		return err
	}
	for _, r := range w.absent {
		w.cloud.Faults.SetRegion(r, core.Lost)
	}
	w.resume()
	return nil
}

// deployments are those of the stage; a bare cloud has none.
func (w *World) deployments() ([]template.Deployment, error) {
	if len(w.opts.Bare) > 0 {
		return nil, nil
	}
	if p := w.opts.prepared; p != nil && p.deployments != nil {
		return p.deployments, nil
	}
	return template.ReadSamConfig(filepath.Join(w.opts.Root, "samconfig.toml"), w.opts.Stage+"-")
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
	return errors.Join(w.driver.stop(w.svc.runner), w.data.close())
}

// Do runs f on behalf of somebody outside the cloud, a client or an operator, and returns when f has. In a live world that is a call of
// f. In a simulated one f is a task, all of the world is stepped until it has returned, and the context that f gets is the one to use for
// requests, Sleep and Go; a Do inside a Do is a call.
func (w *World) Do(ctx context.Context, label string, f func(ctx context.Context) error) error {
	return w.driver.do(ctx, label, f)
}

// Transport reaches the APIs, the AWS endpoint and the stand-ins. In a simulated world requests must carry a context of Do, or of
// a task.
func (w *World) Transport() http.RoundTripper { return w.driver.transport() }

// Regions are the regions by name.
func (w *World) Regions() []string { return w.regions }

// Endpoint is the AWS endpoint of all services and regions.
func (w *World) Endpoint() string { return w.bases[hostAWS] }

// APIURL is the base of a region's API.
func (w *World) APIURL(region string) string { return w.bases[hostAPI+region] }

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
	var res lambda.Result
	err := w.Do(ctx, "operator", func(ctx context.Context) (err error) {
		res, err = w.svc.lambda.Invoke(ctx, region, function, "live", core.Principal{}, lambda.RequestResponse, payload)
		return err
	})
	if err != nil {
		return nil, err
	}
	if res.FunctionError != "" {
		return nil, fmt.Errorf("%s in %s: %s", function, region, res.Payload)
	}
	return res.Payload, nil
}
