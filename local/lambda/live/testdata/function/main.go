// Command function is a Lambda function for tests: the event says what it does.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type order struct {
	Do      string
	Millis  int
	Text    string
	Size    int
	Remains string
}

type answer struct {
	Text      string
	Env       []string `json:",omitempty"`
	ARN       string   `json:",omitempty"`
	RequestID string   `json:",omitempty"`
	Left      int64    `json:",omitempty"`
	PID       int      `json:",omitempty"`
}

type quota struct{}

func (quota) Error() string { return "too much" }

func handle(ctx context.Context, o order) (any, error) {
	switch o.Do {
	case "sleep":
		time.Sleep(time.Duration(o.Millis) * time.Millisecond)
	case "exit":
		os.Exit(3)
	case "panic":
		panic(o.Text)
	case "error":
		return nil, quota{}
	case "wrapped":
		return nil, fmt.Errorf("outer: %w", errors.New(o.Text))
	case "named":
		return nil, messages.InvokeResponse_Error{Type: "InsufficientStock", Message: o.Text}
	case "log":
		fmt.Println("out", o.Text)
		fmt.Fprintln(os.Stderr, "err", o.Text)
	case "big":
		return strings.Repeat("x", o.Size), nil
	case "env":
		return answer{Env: os.Environ()}, nil
	case "context":
		lc, _ := lambdacontext.FromContext(ctx)
		deadline, _ := ctx.Deadline()
		return answer{ARN: lc.InvokedFunctionArn, RequestID: lc.AwsRequestID, Left: int64(time.Until(deadline) / time.Millisecond), Text: lc.ClientContext.Custom["a"]}, nil
	}
	return answer{Text: o.Text, PID: os.Getpid()}, nil
}

type echo struct{}

func (echo) Invoke(_ context.Context, payload []byte) ([]byte, error) { return payload, nil }

func main() {
	if os.Getenv("FAIL_INIT") != "" {
		fmt.Fprintln(os.Stderr, "cannot start")
		os.Exit(2)
	}
	if os.Getenv("ECHO") != "" {
		lambda.Start(echo{})
	}
	lambda.Start(func(ctx context.Context, raw json.RawMessage) (any, error) {
		var o order
		if err := json.Unmarshal(raw, &o); err != nil {
			return nil, err
		}
		return handle(ctx, o)
	})
}
