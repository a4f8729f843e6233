package world

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aws/smithy-go/middleware"

	"twofold/local/core"
	"twofold/local/lambda/simulated"
)

// simNetwork carries HTTP inside the process, as bytes. Each request is a task of its own, as it would be at a server, so there is a
// scheduling point while it is on its way and another while its answer is.
type simNetwork struct {
	sim     *core.Sim
	hosts   map[string]http.Handler // by host name; nil while only bound
	latency Latency
	weather *weather // nil until there is a world
}

func newSimNetwork(sim *core.Sim, latency Latency) *simNetwork {
	return &simNetwork{sim: sim, hosts: map[string]http.Handler{}, latency: latency}
}

// domain ends every host name of a simulated world.
const domain = ".simulated"

func (n *simNetwork) bind(name string) (string, error) {
	if _, taken := n.hosts[name+domain]; taken {
		return "", errors.New("the name " + name + " is taken")
	}
	n.hosts[name+domain] = nil
	return "http://" + name + domain, nil
}

func (n *simNetwork) serve(name string, h http.Handler) { n.hosts[name+domain] = h }

func (n *simNetwork) release(name string) error {
	delete(n.hosts, name+domain)
	return nil
}

func (n *simNetwork) transport() http.RoundTripper { return n }

// errNoAnswer is what a client sees of a connection that closes without an answer.
var errNoAnswer = fmt.Errorf("the connection was closed: %w", io.ErrUnexpectedEOF)

// RoundTrip implements http.RoundTripper. A caller whose context ends gets no answer, but the request goes on.
func (n *simNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	h := n.hosts[r.URL.Host]
	if h == nil {
		return nil, errors.New("dial " + r.URL.Host + ": no such host")
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	body, err := readAll(r.Body)
	if err != nil {
		return nil, err
	}
	var res *http.Response
	err = n.exchange(r.Context(), requestLabel(r), n.journey(r), func(ctx context.Context) bool {
		res = answer(h, r, ctx, body)
		return res != nil
	})
	if err != nil {
		return nil, err
	}
	return res, nil
}

// exchange takes a request to its server and the answer back. serve is the server's part, in a task of its own; it reports whether it answers.
func (n *simNetwork) exchange(ctx context.Context, label string, j journey, serve func(ctx context.Context) bool) error {
	if j.fate == diesBefore {
		simulated.Kill(ctx)
		return context.Canceled
	}
	done, answered := n.sim.NewSignal(), false
	n.sim.GoAfter(j.ctx, j.there, label, func(task context.Context) {
		answered = n.carry(task, ctx, j, serve)
		n.sim.SetAfter(done, j.late+j.back)
	})
	if err := done.Wait(ctx); err != nil {
		return err
	}
	if !answered {
		return errNoAnswer
	}
	return nil
}

// carry is a request at its server; it reports whether there is an answer that arrives.
func (n *simNetwork) carry(ctx, caller context.Context, j journey, serve func(ctx context.Context) bool) bool {
	// A request inside the cloud that is on its way when its caller is killed, as a lost region's functions are, gets no further.
	if j.inside && killed(caller) || j.fate == unreachable {
		return false
	}
	if j.slow > 0 && n.sim.Sleep(ctx, j.slow) != nil {
		return false // the world ends
	}
	answered := serve(ctx)
	if j.fate == diesAfter {
		simulated.Kill(caller)
	}
	return answered && j.fate != answerLost
}

func readAll(body io.ReadCloser) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	raw, err := io.ReadAll(body)
	return raw, errors.Join(err, body.Close())
}

// killed reports whether a context ended otherwise than by its deadline.
func killed(ctx context.Context) bool {
	return ctx.Err() != nil && !errors.Is(context.Cause(ctx), context.DeadlineExceeded)
}

// requestLabel names a request in the trace: service and operation of an SDK's call, method, host and path of any other.
func requestLabel(r *http.Request) string {
	if op := middleware.GetOperationName(r.Context()); op != "" {
		return strings.ToLower(strings.ReplaceAll(middleware.GetServiceID(r.Context()), " ", "")) + ":" + op
	}
	return r.Method + " " + strings.TrimSuffix(r.URL.Host, domain) + r.URL.Path
}

// answer runs a handler; nil when it closes the connection.
func answer(h http.Handler, r *http.Request, ctx context.Context, body []byte) (res *http.Response) {
	defer func() {
		if p := recover(); p != nil {
			if p != http.ErrAbortHandler {
				panic(p)
			}
			res = nil
		}
	}()
	in := r.WithContext(ctx)
	in.Body, in.ContentLength, in.RequestURI, in.RemoteAddr = io.NopCloser(bytes.NewReader(body)), int64(len(body)), r.URL.RequestURI(), "192.0.2.1:1024"
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	out := &recorder{header: http.Header{}}
	h.ServeHTTP(out, in)
	out.WriteHeader(http.StatusOK) // unless it has a status
	return &http.Response{Status: http.StatusText(out.status), StatusCode: out.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: out.header,
		Body: io.NopCloser(bytes.NewReader(out.body.Bytes())), ContentLength: int64(out.body.Len()), Request: r}
}

// recorder takes an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (o *recorder) Header() http.Header { return o.header }

func (o *recorder) WriteHeader(status int) {
	if o.status == 0 {
		o.status = status
	}
}

func (o *recorder) Write(p []byte) (int, error) {
	o.WriteHeader(http.StatusOK)
	return o.body.Write(p)
}
