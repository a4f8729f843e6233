package apigateway

import (
	"context"
	"net/http"
	"sort"
	"strings"
	"sync"
	"time"

	"twofold/local/core"
)

// Invocation asks for a synchronous run of a function by API Gateway.
type Invocation struct {
	FunctionARN string         // may name a version or alias
	Principal   core.Principal // Service "apigateway.amazonaws.com"
	SourceARN   string         // of the method or authorizer, for the function's resource policy
	Payload     []byte
}

// Result is the outcome of a run that took place.
type Result struct {
	Payload       []byte
	FunctionError string // "Unhandled" or "Handled": Payload is then the error
}

// Invoke runs a function. An error means that it did not run: no permission, throttled, no such function.
type Invoke func(ctx context.Context, in Invocation) (Result, error)

// CompilePolicy reads the IAM policy that an authorizer answers.
type CompilePolicy func(doc []byte) (decide func(action, resource string) (allowed, denied bool), err error)

// Gateway holds the REST APIs of all regions. It is the service behind the signing name
// "apigateway", and gives the handlers that serve the APIs. Safe for many tasks.
type Gateway struct {
	cloud   *core.Cloud
	invoke  Invoke
	compile CompilePolicy

	documents *Documents
	observe   func(Served) // nil for nobody

	mu     sync.RWMutex
	apis   map[string]*api // by id
	notRun []string
}

// Served is an answer that was given, as CloudWatch counts it.
type Served struct {
	Region, API, Stage string
	Resource, Method   string // "" where no method matched
	Status             int
	Took               time.Duration
}

// Observe calls f for every answer; it must be short. It is set before the first request.
func (g *Gateway) Observe(f func(Served)) { g.observe = f }

type api struct {
	id, name, region, source string
	draft                    *definition
	deployments              map[string]*definition
	stages                   map[string]*stage
}

// New makes a gateway without APIs.
func New(cloud *core.Cloud, invoke Invoke, compile CompilePolicy) *Gateway {
	return &Gateway{cloud: cloud, invoke: invoke, compile: compile, documents: NewDocuments(), apis: map[string]*api{}}
}

// Handle answers the service's own API: GetRestApis.
func (g *Gateway) Handle(_ context.Context, call *core.Call) (*core.Reply, error) {
	if call.Method != http.MethodGet || strings.Trim(call.Path, "/") != "restapis" {
		return nil, core.NotRun("apigateway", call.Method+" "+call.Path)
	}
	if err := call.Authorize("apigateway:GET", "arn:aws:apigateway:"+call.Region+"::/restapis"); err != nil {
		return nil, err
	}
	items := []map[string]string{}
	for _, a := range g.inRegion(call.Region) {
		items = append(items, map[string]string{"id": a.id, "name": a.name})
	}
	return &core.Reply{Body: map[string]any{"item": items}}, nil
}

func (g *Gateway) inRegion(region string) []*api {
	g.mu.RLock()
	defer g.mu.RUnlock()
	var out []*api
	for _, a := range g.apis {
		if a.region == region {
			out = append(out, a)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].id < out[j].id })
	return out
}

// NotRun lists the resources that were accepted and have no effect, by position and type.
func (g *Gateway) NotRun() []string {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return append([]string(nil), g.notRun...)
}

// Handler serves the APIs of a region. A host name that begins with an API's id chooses that API;
// otherwise the region must have exactly one. A first path segment that names a stage chooses it and is
// taken off, as on the execute-api address; otherwise the API must have exactly one stage, which is
// then served at the root, as behind a custom domain name.
//
// While the region is lost the handler panics with http.ErrAbortHandler: the server closes the
// connection without an answer, and a caller in-process must treat it so.
func (g *Gateway) Handler(region string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.cloud.Faults.Region(region) != core.Up {
			panic(http.ErrAbortHandler)
		}
		s, path := g.locate(region, r)
		if s == nil {
			http.Error(w, `{"message":"Forbidden"}`, http.StatusForbidden)
			return
		}
		g.serve(w, r.WithContext(core.WithRegion(r.Context(), region)), s, path)
	})
}

// locate chooses the stage and gives the path inside it, still escaped.
func (g *Gateway) locate(region string, r *http.Request) (*stage, string) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	a := g.chosen(region, r.Host)
	if a == nil {
		return nil, ""
	}
	path := r.URL.EscapedPath()
	first, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if s := a.stages[first]; s != nil {
		return s, "/" + rest
	}
	if len(a.stages) != 1 {
		return nil, ""
	}
	for _, s := range a.stages {
		return s, path
	}
	return nil, ""
}

func (g *Gateway) chosen(region, host string) *api {
	label, _, _ := strings.Cut(host, ".")
	if a := g.apis[label]; a != nil && a.region == region {
		return a
	}
	var only *api
	for _, a := range g.apis {
		if a.region != region {
			continue
		}
		if only != nil {
			return nil
		}
		only = a
	}
	return only
}
