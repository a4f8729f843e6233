package simulated

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"reflect"
	"strconv"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"twofold/local/core"
	"twofold/local/lambda"
)

// stream is an instance's randomness: another Rand for each invocation.
type stream struct{ *core.Rand }

func newStream(seed uint64, v *lambda.Version, number int) *stream {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%d/%s/%s/%d", seed, v.Region, v.Name, number) // a hash never fails
	return &stream{core.NewRand(h.Sum64())}
}

func (r *Runner) env(v *lambda.Version, rand io.Reader) Env {
	set := map[string]string{"AWS_REGION": v.Region, "AWS_DEFAULT_REGION": v.Region, "AWS_LAMBDA_FUNCTION_NAME": v.Name,
		"AWS_LAMBDA_FUNCTION_VERSION": v.Number, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(v.MemoryMB),
		"AWS_LAMBDA_LOG_GROUP_NAME": v.LogGroup, "_HANDLER": v.Handler,
		"AWS_ACCESS_KEY_ID": v.AccessKeyID, "AWS_SECRET_ACCESS_KEY": v.Secret}
	for name, value := range v.Environment {
		set[name] = value
	}
	return Env{Version: v, Cloud: r.Cloud, Rand: rand, Stdout: lines{r, v}, Getenv: func(name string) string { return set[name] }}
}

// lines journals what is written to it, line by line; a write is taken to end a line.
type lines struct {
	runner  *Runner
	version *lambda.Version
}

// Write implements io.Writer.
func (l lines) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		if line = bytes.TrimRight(line, "\r\n"); len(line) > 0 {
			l.runner.log(l.version, string(line))
		}
	}
	return len(p), nil
}

func (r *Runner) log(v *lambda.Version, line string) {
	r.Cloud.Journal.Add(core.Entry{Region: v.Region, Kind: core.KindFunctionLog, Subject: v.Name, Detail: line})
}

// failure is the outcome of a handler's error, as the JSON that aws-lambda-go posts.
func failure(e messages.InvokeResponse_Error) lambda.Outcome {
	payload, err := json.Marshal(e)
	if err != nil {
		payload = lambda.ErrorPayload("Runtime.SerializationError", err.Error())
	}
	return lambda.Outcome{Payload: payload, Error: lambda.Unhandled}
}

// ofError names an error as aws-lambda-go does: by itself when it is a
// messages.InvokeResponse_Error, by its Go type otherwise.
func ofError(err error) messages.InvokeResponse_Error {
	if e, ok := err.(messages.InvokeResponse_Error); ok {
		return e
	}
	return messages.InvokeResponse_Error{Message: err.Error(), Type: typeName(err)}
}

// ofPanic leaves out the stack trace, whose line numbers and addresses are no part of a replay.
func ofPanic(p any) messages.InvokeResponse_Error {
	if e, ok := p.(messages.InvokeResponse_Error); ok {
		return e
	}
	return messages.InvokeResponse_Error{Message: fmt.Sprint(p), Type: typeName(p)}
}

func typeName(v any) string {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}
