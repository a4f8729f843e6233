package apigateway

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"twofold/local/core"
)

func TestFailingIntegrations(t *testing.T) {
	malformed := []string{``, `null`, `"ok"`, `{"body":"x"}`, `{"statusCode":"many"}`, `{"statusCode":99}`, `{"statusCode":200,"cookies":[]}`,
		`{"statusCode":200,"body":{"a":1}}`, `{"statusCode":200,"headers":{"a":[1]}}`}
	b := start(t, nil)
	for _, payload := range malformed {
		b.orders = answers(payload)
		b.expect(b.place(order), 502, `{"message":"Internal server error"}`)
	}
	b.orders = func(Invocation) (Result, error) {
		return Result{Payload: []byte(`{}`), FunctionError: "Unhandled"}, nil
	}
	b.expect(b.place(order), 502, "Internal server error")
	b.orders = func(Invocation) (Result, error) { return Result{}, errors.New("no permission") }
	b.expect(b.place(order), 500, "Internal server error")
	for _, payload := range []string{`{"statusCode":"204"}`, `{"statusCode":204,"headers":{"n":1,"b":true},"body":null}`} {
		b.orders = answers(payload)
		if w := b.place(order); w.Code != 204 || w.Body.Len() != 0 {
			t.Errorf("%s: %d %s", payload, w.Code, w.Body)
		}
	}
}

func TestAnIntegrationIsGivenUpAfterItsTime(t *testing.T) {
	b := empty(t)
	doc := document(t)
	get := doc["paths"].(map[string]any)["/v1/open"].(map[string]any)["get"].(map[string]any)
	run := map[string]any{"timeoutInMillis": 50}
	for k, v := range get[vendor+"integration"].(map[string]any) {
		run[k] = v
	}
	get[vendor+"integration"] = run
	b.deploy(doc, nil)
	finish := make(chan struct{})
	b.orders = func(Invocation) (Result, error) { <-finish; return Result{Payload: []byte(accepted)}, nil }
	b.expect(b.send("GET", "/v1/open?page=1", ""), 504, `{"message":"Endpoint request timed out"}`)
	close(finish)
	b.clock.Drain()
}

func TestHeadersOfAnswers(t *testing.T) {
	b := start(t, nil)
	b.orders = answers(`{"statusCode":200,"headers":{"Date":"x","X-One":"1","X-Many":"0"},"multiValueHeaders":{"x-many":["1","2"]},"body":"b"}`)
	w := b.place(order)
	if w.Header().Get("X-Amzn-Remapped-Date") != "x" || w.Header().Get("X-One") != "1" || fmt.Sprint(w.Header()["X-Many"]) != "[1 2]" {
		t.Errorf("%v", w.Header())
	}
}

func TestMockAnswersPreflight(t *testing.T) {
	b := start(t, nil)
	w := b.send("OPTIONS", "/v1/orders", "")
	if w.Code != 204 || w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Body.Len() != 0 {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	b.expect(b.send("OPTIONS", "/v1/orders", "", "Content-Type", "text/plain"), 415, "UNSUPPORTED_MEDIA_TYPE")
}

func TestALostRegionDoesNotAnswer(t *testing.T) {
	b := start(t, nil)
	server := httptest.NewServer(b.gateway.Handler("us-east-1"))
	defer server.Close()
	get := func() error {
		res, err := http.Get(server.URL + "/v1/open?page=1")
		if err == nil {
			_, err = io.ReadAll(res.Body)
			_ = res.Body.Close()
		}
		return err
	}
	if err := get(); err != nil {
		t.Fatal(err)
	}
	for _, state := range []core.RegionState{core.Lost, core.Gone} {
		b.cloud.Faults.SetRegion("us-east-1", state)
		if err := get(); err == nil {
			t.Errorf("%v: an answer came", state)
		}
	}
	b.cloud.Faults.SetRegion("us-east-1", core.Up)
	b.orders = func(Invocation) (Result, error) {
		b.cloud.Faults.SetRegion("us-east-1", core.Gone)
		return Result{Payload: []byte(accepted)}, nil
	}
	if err := get(); err == nil {
		t.Error("lost in the middle: an answer came")
	}
}
