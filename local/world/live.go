package world

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"twofold/local/core"
	"twofold/local/lambda/live"
)

// liveDriver is the wall clock, listeners on loopback, and a process for each instance of a function.
type liveDriver struct {
	*core.Live
	listen string          // address of the AWS endpoint
	client *http.Transport // of the providers and destinations in this process

	mu    sync.Mutex
	hosts map[string]*host
}

type host struct {
	listener net.Listener
	server   *http.Server // nil until something is served
}

func newLiveDriver(faults *core.Faults, listen string) *liveDriver {
	return &liveDriver{Live: core.NewLive(faults), listen: listen, client: &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute}, hosts: map[string]*host{}}
}

func (d *liveDriver) bind(name string) (string, error) {
	addr := "127.0.0.1:0"
	if name == hostAWS {
		addr = d.listen
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hosts[name] = &host{listener: l}
	return "http://" + l.Addr().String(), nil
}

func (d *liveDriver) serve(name string, handler http.Handler) {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.hosts[name]
	// A connection that a lost region closes without an answer is no event worth a line.
	h.server = &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = h.server.Serve(h.listener) }() // ends with ErrServerClosed when the address is released
}

func (d *liveDriver) release(name string) error {
	d.mu.Lock()
	h := d.hosts[name]
	delete(d.hosts, name)
	d.mu.Unlock()
	if h.server == nil {
		return h.listener.Close()
	}
	return h.server.Close()
}

func (d *liveDriver) transport() http.RoundTripper { return d.client }

func (d *liveDriver) do(ctx context.Context, _ string, f func(context.Context) error) error {
	return f(ctx)
}

func (d *liveDriver) runner(w *World) runner {
	return live.New(live.Config{Journal: w.cloud.Journal, Binary: w.binary, Env: map[string]string{"AWS_ENDPOINT_URL": w.Endpoint()}, LogDir: w.opts.Logs,
		MaxInstances: maxInstances})
}

// binary is the executable of a function, a file of `make build` named like the function's folder.
func (w *World) binary(r core.Resource) (string, error) {
	name, err := folder(r)
	if err != nil {
		return "", err
	}
	path := filepath.Join(w.opts.Functions, name)
	if _, err := os.Stat(path); err != nil {
		return "", r.Errorf("%v: build the functions first (make build)", err)
	}
	return path, nil
}

// stop closes the addresses first, so that no request starts a task while tasks are waited for.
func (d *liveDriver) stop(r runner) error {
	d.mu.Lock()
	names := slices.Collect(maps.Keys(d.hosts))
	d.mu.Unlock()
	var err error
	for _, name := range names {
		if cerr := d.release(name); cerr != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", name, cerr))
		}
	}
	if r != nil {
		err = errors.Join(err, r.Close())
	}
	d.Drain()
	d.client.CloseIdleConnections()
	return err
}

// maxInstances of one version: more processes than this share few cores for no gain, and each costs its memory and its own collections
// of garbage.
const maxInstances = 2
