package bootstrap_test

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// runtimeAPI is Lambda's side of the runtime API: it has one invocation to give, and after it none.
type runtimeAPI struct {
	event   string
	given   atomic.Bool
	answers chan answer
	over    chan struct{}
}

// answer is what a function posts: a "response" or an "error".
type answer struct{ kind, body string }

func newRuntimeAPI(event string) *runtimeAPI {
	return &runtimeAPI{event: event, answers: make(chan answer, 1), over: make(chan struct{})}
}

func (a *runtimeAPI) stop() { close(a.over) }

func (a *runtimeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/2018-06-01/runtime/invocation/next" {
		a.next(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusAccepted)
	a.answers <- answer{r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:], string(body)}
}

// next gives the invocation, or waits, as it does for a function that is frozen.
func (a *runtimeAPI) next(w http.ResponseWriter, r *http.Request) {
	if a.given.Swap(true) {
		select {
		case <-a.over:
		case <-r.Context().Done():
		}
		return
	}
	h := w.Header()
	h.Set("Lambda-Runtime-Aws-Request-Id", "6c8d6a27-6d6d-4b5e-a6d1-000000000001")
	h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(10*time.Second).UnixMilli(), 10))
	h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:"+function)
	if _, err := io.WriteString(w, a.event); err != nil {
		a.answers <- answer{"error", err.Error()}
	}
}
