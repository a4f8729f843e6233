package platform_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"

	"twofold/internal/platform"
)

// TestALogLineStaysOneLine gives a step an order whose id, and an error whose text, would begin lines of their own.
func TestALogLineStaysOneLine(t *testing.T) {
	var out bytes.Buffer
	rt := platform.Runtime{Log: slog.New(slog.NewJSONHandler(&out, nil))}
	forged := "x\n{\"level\":\"ERROR\",\"msg\":\"paid twice\"}\r\n\u2028"
	steps := platform.Steps{"Fail": func(context.Context, json.RawMessage) (any, error) { return nil, errors.New(forged) }}
	input, err := json.Marshal(map[string]any{"step": "Fail", "order": map[string]string{"orderId": forged}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := steps.Handler(rt).Invoke(context.Background(), input); err == nil {
		t.Fatal("the step did not fail")
	}
	if n := bytes.Count(bytes.TrimRight(out.Bytes(), "\n"), []byte("\n")); n != 0 || out.Len() == 0 || bytes.ContainsAny(out.Bytes(), "\r\u2028") {
		t.Errorf("%d more lines: %q", n, out.String())
	}
	var line struct{ Order, Level string }
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line.Order != forged || line.Level != "INFO" {
		t.Errorf("%+v, %v", line, err)
	}
}
