package apigateway

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"twofold/local/core"
)

// maxBody is the largest request that API Gateway takes.
const maxBody = 10 << 20

// requestTime is the layout of requestContext.requestTime.
const requestTime = "02/Jan/2006:15:04:05 -0700"

// stage is a served deployment of an API.
type stage struct {
	api       *api
	name      string
	def       *definition
	variables map[string]string
	throttles map[*method]*bucket

	mu    sync.Mutex
	cache map[string]*grant // authorizer answers by authorizer and identity
}

func newStage(a *api, name string, def *definition) *stage {
	return &stage{api: a, name: name, def: def, cache: map[string]*grant{}}
}

// exchange is one request on its way.
type exchange struct {
	g          *Gateway
	stage      *stage
	method     *method // nil when no method matches
	r          *http.Request
	path       string // inside the stage, escaped
	params     map[string]string
	query      url.Values
	body       []byte
	at         time.Time
	requestID  string
	extendedID string
	authorizer map[string]any
	gone       bool // the client or the region went away: there is no answer
}

func (g *Gateway) serve(w http.ResponseWriter, r *http.Request, s *stage, path string) {
	x := &exchange{g: g, stage: s, r: r, path: path, query: r.URL.Query(), at: g.cloud.Now(), requestID: g.cloud.Rand.UUID()}
	x.extendedID = base64.RawStdEncoding.EncodeToString([]byte(x.requestID[:8])) + "="
	x.method, x.params = s.def.root.match(path, r.Method)
	out, f := x.run()
	if x.gone || g.cloud.Faults.Region(s.api.region) != core.Up {
		panic(http.ErrAbortHandler)
	}
	if f != nil {
		out = s.def.refuse(x, f)
	}
	if f == nil || billed(f.kind) {
		g.cloud.Meter.Add(s.api.region, "apigateway:Request", 1)
	}
	if g.observe != nil {
		served := Served{Region: s.api.region, API: s.api.name, Stage: s.name, Status: out.status, Took: g.cloud.Now().Sub(x.at)}
		if x.method != nil {
			served.Resource, served.Method = x.method.resource, x.method.verb
		}
		g.observe(served)
	}
	h := w.Header()
	for name, values := range out.header {
		h[name] = values
	}
	h.Set("X-Amzn-Requestid", x.requestID)
	h.Set("X-Amz-Apigw-Id", x.extendedID)
	w.WriteHeader(out.status)
	_, _ = w.Write(out.body) // a client that has gone does not read its answer
}

// billed: requests that are not authorized or throttled cost nothing.
func billed(kind responseType) bool {
	return kind != unauthorized && kind != accessDenied && kind != missingAuthenticationToken && kind != throttled
}

// run takes the request through its steps until one refuses it or the integration answers.
func (x *exchange) run() (*answer, *failure) {
	if x.method == nil {
		return nil, fail(missingAuthenticationToken, "Missing Authentication Token")
	}
	if b := x.stage.throttles[x.method]; b != nil && !b.take(x.at) {
		return nil, fail(throttled, "Too Many Requests")
	}
	if f := x.read(); f != nil {
		return nil, f
	}
	if x.method.auth != nil {
		if f := x.method.auth.authorize(x); f != nil {
			return nil, f
		}
	}
	if f := x.method.validator.check(x); f != nil {
		return nil, f
	}
	return x.method.run.respond(x)
}

func (x *exchange) read() *failure {
	if x.r.Body == nil {
		return nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, x.r.Body, maxBody))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return fail(requestTooLarge, "HTTP content length exceeded 10485760 bytes.")
	}
	if err != nil { // the client broke off: nobody reads an answer
		x.gone = true
		return fail(badRequestBody, "Invalid request body")
	}
	x.body = body
	return nil
}

// outcome is how a run of a function ended.
type outcome struct {
	Result
	err      error
	timedOut bool
}

// call runs a function and waits for it no longer than wait. The function goes on when the
// wait ends or the client goes: nothing stops an invocation.
func (x *exchange) call(function, source string, payload []byte, wait time.Duration) outcome {
	in := Invocation{FunctionARN: function, SourceARN: source, Payload: payload,
		Principal: core.Principal{Service: "apigateway.amazonaws.com", Via: "apigateway " + x.stage.api.name, Region: x.stage.api.region}}
	ctx := x.r.Context()
	done := x.g.cloud.NewSignal()
	got := &outcome{}
	x.g.cloud.Go(context.WithoutCancel(ctx), "apigateway/"+core.NameOf(function), func(ctx context.Context) {
		got.Result, got.err = x.g.invoke(ctx, in)
		done.Set()
	})
	inTime, err := done.WaitFor(ctx, wait)
	switch {
	case err != nil:
		x.gone = true
		return outcome{err: err}
	case !inTime:
		return outcome{timedOut: true}
	}
	return *got
}

// arn names the method that is called, with the path that was asked for.
func (x *exchange) arn() string {
	path, err := url.PathUnescape(strings.TrimPrefix(x.path, "/"))
	if err != nil {
		path = strings.TrimPrefix(x.path, "/")
	}
	return core.ARN("execute-api", x.stage.api.region, x.stage.api.id+"/"+x.stage.name+"/"+x.r.Method+"/"+path)
}

// contextPath is the path with the stage, as requestContext.path has it.
func (x *exchange) contextPath() string { return "/" + x.stage.name + x.path }

func (x *exchange) resourcePath() string {
	if x.method == nil {
		return ""
	}
	return x.method.resource
}

func (x *exchange) sourceIP() string {
	host, _, err := net.SplitHostPort(x.r.RemoteAddr)
	if err != nil {
		return x.r.RemoteAddr
	}
	return host
}
