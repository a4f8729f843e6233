package world

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"time"

	"twofold/local/core"
	"twofold/local/lambda"
)

// customResponse is what a custom resource's function puts to the response URL
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html).
type customResponse struct {
	Status             string
	Reason             string
	PhysicalResourceId string
	Data               map[string]any
}

// custom creates a custom resource as CloudFormation does: it invokes the function that the service token names and waits
// until that has put its answer to a URL made for it.
func (w *World) custom(ctx context.Context, r core.Resource) (core.Physical, error) {
	token, _ := r.Properties["ServiceToken"].(string)
	if token == "" {
		return core.Physical{}, r.Errorf("it has no ServiceToken")
	}
	answers, url, stop, err := responseURL()
	if err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	defer stop()
	event, err := json.Marshal(map[string]any{
		"RequestType": "Create", "ResponseURL": url, "StackId": core.ARN("cloudformation", r.Region, "stack/"+r.Stack), "RequestId": w.cloud.Rand.UUID(),
		"ResourceType": r.Type, "LogicalResourceId": r.LogicalID, "ResourceProperties": r.Properties,
	})
	if err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	if _, err := w.svc.lambda.Invoke(ctx, r.Region, token, "", core.Principal{}, lambda.Event, event); err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	select {
	case a := <-answers:
		if a.Status != "SUCCESS" {
			return core.Physical{}, r.Errorf("its function answered %s: %s", a.Status, a.Reason)
		}
		return core.Physical{Ref: a.PhysicalResourceId, Attrs: a.Data}, nil
	case <-time.After(time.Minute):
		return core.Physical{}, r.Errorf("its function %s did not answer within a minute: see its log", token)
	case <-ctx.Done():
		return core.Physical{}, ctx.Err()
	}
}

// responseURL listens for the one answer of a custom resource.
func responseURL() (answers chan customResponse, url string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", nil, err
	}
	answers = make(chan customResponse, 1)
	s := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var a customResponse
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(body, &a)
		}
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		select {
		case answers <- a:
		default: // answered already
		}
	})}
	go func() { _ = s.Serve(l) }() // ends when stop closes it
	return answers, "http://" + l.Addr().String() + "/", func() { _ = s.Close() }, nil
}
