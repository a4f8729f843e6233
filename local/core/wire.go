package core

import (
	"context"
	"io"
	"net/http"
	"strings"
)

// maxBody is more than any AWS request that the platform makes (Lambda's is the largest, 6 MB).
const maxBody = 8 << 20

// Wire is the AWS endpoint: one address for all services and regions, as the SDKs reach it through
// AWS_ENDPOINT_URL. Service and region are those that the request's signature names
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html); the access key says who calls. The
// signature itself is not verified: on one machine nobody is kept out by it.
type Wire struct {
	cloud *Cloud
}

// NewWire serves a cloud over HTTP.
func NewWire(c *Cloud) *Wire { return &Wire{cloud: c} }

// ServeHTTP answers one AWS call. A call that meets a lost region or a cut link gets no answer: the connection closes.
func (w *Wire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxBody))
	if err != nil {
		w.answer(rw, nil, Errorf("RequestEntityTooLarge", "%v", err))
		return
	}
	call, principal, err := w.parse(r, body)
	if err != nil {
		w.answer(rw, nil, err)
		return
	}
	reply, err := w.cloud.Do(w.context(r.Context(), principal), call)
	if err == ErrUnreachable || err == ErrRegionLost {
		panic(http.ErrAbortHandler)
	}
	w.answer(rw, reply, err)
}

func (w *Wire) context(ctx context.Context, p Principal) context.Context {
	if p.Region == "" {
		return ctx
	}
	return WithRegion(ctx, p.Region)
}

func (w *Wire) answer(rw http.ResponseWriter, reply *Reply, err error) {
	status, header, body := Encode(reply, err)
	for k, v := range header {
		rw.Header()[k] = v
	}
	if rw.Header().Get("Content-Type") == "" {
		rw.Header().Set("Content-Type", "application/x-amz-json-1.0")
	}
	rw.Header().Set("X-Amzn-Requestid", w.cloud.Rand.UUID())
	rw.WriteHeader(status)
	_, _ = rw.Write(body) // a caller that has gone cannot be told
}

// parse reads the credential scope: "AWS4-HMAC-SHA256 Credential=KEY/20260101/us-east-1/dynamodb/aws4_request, ...".
func (w *Wire) parse(r *http.Request, body []byte) (*Call, Principal, error) {
	_, scope, ok := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	if !ok {
		return nil, Principal{}, &Error{Code: "MissingAuthenticationTokenException", Message: "the request is not signed", Status: http.StatusForbidden}
	}
	scope, _, _ = strings.Cut(scope, ",")
	parts := strings.Split(strings.TrimSpace(scope), "/")
	if len(parts) != 5 {
		return nil, Principal{}, &Error{Code: "IncompleteSignatureException", Message: "the credential scope is not KEY/DATE/REGION/SERVICE/aws4_request", Status: http.StatusForbidden}
	}
	principal := w.cloud.principal(parts[0])
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	return &Call{Region: parts[2], Service: parts[3], Operation: operation, Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.Query(),
		Header: r.Header, Body: body, Principal: principal}, principal, nil
}

// principal is whom an access key was made for; any other key is the operator's.
func (c *Cloud) principal(accessKeyID string) Principal {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.principals[accessKeyID]
}
