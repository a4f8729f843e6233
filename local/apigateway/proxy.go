package apigateway

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"twofold/local/core"
)

// proxy hands the whole request to a function and takes the whole answer from it.
type proxy struct {
	function string
	wait     time.Duration
}

func (p *proxy) respond(x *exchange) (*answer, *failure) {
	payload, err := x.event()
	if err != nil {
		return nil, fail(apiConfigurationError, "Internal server error")
	}
	out := x.call(p.function, x.arn(), payload, p.wait)
	switch {
	case out.timedOut:
		return nil, fail(integrationTimeout, "Endpoint request timed out")
	case tooLarge(out.err): // between Lambda's limit and API Gateway's
		return nil, fail(requestTooLarge, "Request Too Long")
	case out.err != nil:
		x.report("the function did not run: " + out.err.Error())
		return nil, fail(apiConfigurationError, "Internal server error")
	case out.FunctionError != "":
		return nil, badGateway()
	}
	made, err := readProxyAnswer(out.Payload)
	if err != nil {
		x.report("malformed Lambda proxy response: " + err.Error())
		return nil, badGateway()
	}
	return made.answer(x)
}

// tooLarge reports whether Lambda refused the event for its size: that alone of its refusals is told to the client.
func tooLarge(err error) bool {
	var e *core.Error
	return errors.As(err, &e) && e.Status == http.StatusRequestEntityTooLarge
}

// badGateway is what a function that failed, or answered in another shape, gives.
func badGateway() *failure {
	f := fail(integrationFailure, "Internal server error")
	f.status = http.StatusBadGateway
	return f
}

// report says in the journal what API Gateway says only in its execution log.
func (x *exchange) report(detail string) {
	x.g.cloud.Journal.Add(core.Entry{Region: x.stage.api.region, Kind: core.KindFunctionError,
		Subject: x.stage.api.name + " " + x.r.Method + " " + x.method.resource, Detail: detail})
}

// proxyAnswer is the output of a Lambda proxy integration. It may have no other members.
type proxyAnswer struct {
	StatusCode        statusText          `json:"statusCode"`
	Headers           map[string]scalar   `json:"headers"`
	MultiValueHeaders map[string][]scalar `json:"multiValueHeaders"`
	Body              *string             `json:"body"`
	IsBase64Encoded   bool                `json:"isBase64Encoded"`
	status            int
}

// scalar is a header value, which a function may also give as a number or truth value.
type scalar string

func (s *scalar) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(s))
	}
	if len(b) > 0 && (b[0] == '{' || b[0] == '[') {
		return errors.New("a header is an object or a list")
	}
	*s = scalar(b)
	return nil
}

func readProxyAnswer(payload []byte) (*proxyAnswer, error) {
	var out proxyAnswer
	dec := json.NewDecoder(bytes.NewReader(payload))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&out); err != nil {
		return nil, err
	}
	var err error
	out.status, err = strconv.Atoi(string(out.StatusCode))
	if err == nil && (out.status < 100 || out.status > 599) {
		err = strconv.ErrRange
	}
	return &out, err
}

func (p *proxyAnswer) answer(x *exchange) (*answer, *failure) {
	out := &answer{status: p.status, header: http.Header{}}
	for name, value := range p.Headers {
		out.header.Set(outward(name), string(value))
	}
	for name, values := range p.MultiValueHeaders {
		out.header.Del(outward(name))
		for _, v := range values {
			out.header.Add(outward(name), string(v))
		}
	}
	if out.header.Get("Content-Type") == "" {
		out.header.Set("Content-Type", "application/json")
	}
	if p.Body == nil {
		return out, nil
	}
	out.body = []byte(*p.Body)
	accepted, _, _ := strings.Cut(x.r.Header.Get("Accept"), ",")
	if p.IsBase64Encoded && x.binary(strings.TrimSpace(accepted)) {
		decoded, err := base64.StdEncoding.DecodeString(*p.Body)
		if err != nil {
			return nil, fail(apiConfigurationError, "Internal server error")
		}
		out.body = decoded
	}
	return out, nil
}

func outward(name string) string {
	if remapped(name) {
		return "X-Amzn-Remapped-" + name
	}
	return name
}
