package live

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"strconv"
	"strings"
	"time"

	"twofold/local/lambda"
)

const (
	apiPrefix     = "/2018-06-01/runtime/"
	nextPath      = apiPrefix + "invocation/next"
	initErrorPath = apiPrefix + "init/error"
	maxResponse   = 6<<20 + 100 // docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
)

// connection is the server's side of HTTP/1.1 on one kept-alive connection, reduced to what a
// runtime's client sends. Requests are read and answered by the goroutine that has the instance.
type connection struct {
	conn net.Conn
	in   *bufio.Reader
	out  []byte // reused for the head of an event
}

// request is one request of the runtime.
type request struct {
	path      string
	kind      string // Lambda-Runtime-Function-Error-Type, a header or trailer
	errorBody string // Lambda-Runtime-Function-Error-Body, a trailer in base64
	length    int
	chunked   bool
	expects   bool
	body      []byte
	tooLarge  bool
}

func newConnection(c net.Conn) *connection {
	return &connection{conn: c, in: bufio.NewReaderSize(c, 8<<10)}
}

// read reads one request, body and trailers included.
func (c *connection) read(deadline time.Time) (*request, error) {
	if err := c.conn.SetReadDeadline(deadline); err != nil {
		return nil, err
	}
	line, err := c.line()
	if err != nil {
		return nil, err
	}
	_, rest, _ := bytes.Cut(line, []byte(" "))
	path, _, ok := bytes.Cut(rest, []byte(" "))
	if !ok {
		return nil, fmt.Errorf("not an HTTP request: %q", line)
	}
	req := &request{path: string(path)}
	if err := c.fields(req); err != nil {
		return nil, err
	}
	if req.expects {
		if _, err := c.conn.Write([]byte("HTTP/1.1 100 Continue\r\n\r\n")); err != nil {
			return nil, err
		}
	}
	return req, c.body(req)
}

// line reads one line without its end; it is valid until the next read.
func (c *connection) line() ([]byte, error) {
	line, err := c.in.ReadSlice('\n')
	if err == bufio.ErrBufferFull { // a header that is longer than the buffer: aws-lambda-go's error cause
		line = bytes.Clone(line)
		var rest []byte
		rest, err = c.in.ReadBytes('\n')
		line = append(line, rest...)
	}
	return bytes.TrimRight(line, "\r\n"), err
}

// fields reads headers or trailers up to the empty line.
func (c *connection) fields(req *request) error {
	for {
		line, err := c.line()
		if err != nil || len(line) == 0 {
			return err
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case is(name, "content-length"):
			if req.length, err = strconv.Atoi(string(value)); err != nil {
				return err
			}
		case is(name, "transfer-encoding"):
			req.chunked = is(value, "chunked")
		case is(name, "expect"):
			req.expects = true
		case is(name, "lambda-runtime-function-error-type"):
			req.kind = string(value)
		case is(name, "lambda-runtime-function-error-body"):
			req.errorBody = string(value)
		}
	}
}

func is(name []byte, want string) bool {
	return len(name) == len(want) && strings.EqualFold(string(name), want)
}

func (c *connection) body(req *request) error {
	var from io.Reader = io.LimitReader(c.in, int64(req.length))
	if req.chunked {
		from = httputil.NewChunkedReader(c.in)
	} else if req.length <= maxResponse {
		req.body = make([]byte, req.length)
		_, err := io.ReadFull(c.in, req.body)
		return err
	}
	var err error
	if req.body, err = io.ReadAll(io.LimitReader(from, maxResponse+1)); err != nil {
		return err
	}
	if len(req.body) > maxResponse {
		req.tooLarge = true
		if _, err := io.Copy(io.Discard, from); err != nil {
			return err
		}
	}
	if req.chunked {
		return c.fields(req) // trailers
	}
	return nil
}

// outcome reads what the runtime says about an event: a response, which may have failed while it
// was sent, or an error.
func (req *request) outcome(requestID string) (lambda.Outcome, error) {
	id, what, _ := strings.Cut(strings.TrimPrefix(req.path, apiPrefix+"invocation/"), "/")
	switch {
	case id != requestID || what != "response" && what != "error":
		return lambda.Outcome{}, fmt.Errorf("the runtime asked for %s while it had event %s", req.path, requestID)
	case req.tooLarge:
		return lambda.Outcome{Error: lambda.Unhandled, Payload: lambda.ErrorPayload("Function.ResponseSizeTooLarge",
			fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", maxResponse))}, nil
	case what == "error":
		return lambda.Outcome{Payload: req.body, Error: lambda.Unhandled}, nil
	case req.kind != "":
		payload, err := base64.StdEncoding.DecodeString(req.errorBody)
		return lambda.Outcome{Payload: payload, Error: lambda.Unhandled}, err
	}
	return lambda.Outcome{Payload: req.body}, nil
}

const answered = "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n"

// accepted answers a response, error or init error.
func (c *connection) accepted() error {
	_, err := io.WriteString(c.conn, answered)
	return err
}

// event answers the request for the next event.
func (c *connection) event(in lambda.Invocation, deadline time.Time) error {
	b := append(c.out[:0], "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: "...)
	b = append(b, in.RequestID...)
	b = append(b, "\r\nLambda-Runtime-Deadline-Ms: "...)
	b = strconv.AppendInt(b, deadline.UnixMilli(), 10)
	b = append(b, "\r\nLambda-Runtime-Invoked-Function-Arn: "...)
	b = append(b, in.InvokedARN...)
	if in.TraceID != "" {
		b = append(append(b, "\r\nLambda-Runtime-Trace-Id: "...), oneLine(in.TraceID)...)
	}
	if in.ClientContext != "" {
		b = append(append(b, "\r\nLambda-Runtime-Client-Context: "...), oneLine(in.ClientContext)...)
	}
	b = append(b, "\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(in.Payload)), 10)
	b = append(b, "\r\n\r\n"...)
	if err := c.conn.SetWriteDeadline(deadline); err != nil {
		return err
	}
	if len(in.Payload) > 64<<10 { // copying costs more than a second buffer
		c.out = b
		buffers := net.Buffers{b, in.Payload}
		_, err := buffers.WriteTo(c.conn)
		return err
	}
	b = append(b, in.Payload...)
	c.out = b
	_, err := c.conn.Write(b)
	return err
}

// oneLine keeps a caller from writing headers of its own.
func oneLine(s string) string { return strings.NewReplacer("\r", " ", "\n", " ").Replace(s) }
