package world

import (
	"errors"
	"log"
	"net"
	"net/http"
	"time"

	"io"

	"twofold/local/core"
)

// hosts are the listeners of a world, all on loopback.
type hosts struct {
	aws     net.Listener
	apis    map[string]net.Listener // by region
	stripe  net.Listener
	carrier net.Listener
	issuer  net.Listener
	servers []*http.Server
}

// listen binds every address before anything is deployed, because templates and functions are given them.
func (h *hosts) listen(aws string, regions []string) error {
	var err error
	bind := func(addr string) net.Listener {
		l, lerr := net.Listen("tcp", addr)
		err = errors.Join(err, lerr)
		return l
	}
	h.aws = bind(aws)
	h.apis = map[string]net.Listener{}
	for _, r := range regions {
		h.apis[r] = bind("127.0.0.1:0")
	}
	h.stripe, h.carrier, h.issuer = bind("127.0.0.1:0"), bind("127.0.0.1:0"), bind("127.0.0.1:0")
	return err
}

// serve answers on every address.
func (h *hosts) serve(w *World) {
	h.run(h.aws, core.NewWire(w.cloud))
	for region, l := range h.apis {
		h.run(l, w.svc.apis.Handler(region))
	}
	h.run(h.stripe, w.svc.stripe)
	h.run(h.carrier, w.svc.carrier)
	h.run(h.issuer, w.svc.issuer)
}

func (h *hosts) run(l net.Listener, handler http.Handler) {
	// A connection that a lost region closes without an answer is no event worth a line.
	s := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	h.servers = append(h.servers, s)
	go func() { _ = s.Serve(l) }() // ends with ErrServerClosed when the world is closed
}

func (h *hosts) close() error {
	var err error
	for _, s := range h.servers {
		err = errors.Join(err, s.Close())
	}
	return err
}

func url(l net.Listener) string { return "http://" + l.Addr().String() }
