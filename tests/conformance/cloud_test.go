// Package conformance asks the local cloud over the wire, from outside, with the plain SDK, what AWS's documentation answers. Nothing is
// deployed: whatever is used here was made through the API, as the public suites for AWS emulators do it.
//
// The cases are data, in testdata; each names the page or chapter of AWS's documentation that it follows.
package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go"

	"twofold/local/world"
)

const (
	region = "us-east-1"
	role   = "arn:aws:iam::000000000000:role/nobody-declared-this"
)

// cloud starts services into which nothing is deployed, and answers how to reach them.
func cloud(t *testing.T) aws.Config {
	t.Helper()
	w, err := world.Start(context.Background(), world.Options{Bare: []string{region, "us-west-2"}, Logs: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return aws.Config{Region: region, BaseEndpoint: aws.String(w.Endpoint()), Credentials: credentials.NewStaticCredentialsProvider("outside", "any", "")}
}

// cases reads a file of cases.
func cases[T any](t *testing.T, name string) []T {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var out []T
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(out) == 0 {
		t.Fatalf("%s holds no cases", name)
	}
	return out
}

// refused fails unless err is the service's error code, with a message that begins like this.
func refused(t *testing.T, err error, code, message string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code || !strings.HasPrefix(api.ErrorMessage(), message) {
		t.Errorf("answered %v\nwant %s: %s", err, code, message)
	}
}

// same compares two JSON texts by their meaning.
func same(t *testing.T, what, got string, want json.RawMessage) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		t.Fatalf("%s: %v in %q", what, err, got)
	}
	if err := json.Unmarshal(want, &w); err != nil {
		t.Fatalf("%s: %v in %s", what, err, want)
	}
	a, errA := json.Marshal(g)
	b, errB := json.Marshal(w)
	if err := errors.Join(errA, errB); err != nil {
		t.Fatal(err)
	}
	if string(a) != string(b) {
		t.Errorf("%s: %s, want %s", what, a, b)
	}
}
