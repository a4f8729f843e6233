// Package bootstrap_test runs a function's binary in a container as Lambda runs it on provided.al2023: alone in a file system that it
// cannot write, but for /tmp, as a user without rights, with a memory limit, and told of its invocations by a runtime API outside.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
package bootstrap_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/testcontainers/testcontainers-go"

	"twofold/local/core"
	"twofold/local/dynamodb"
)

const (
	function = "api-health" // it reads a table, so that the SDK is in the picture too
	memory   = 256 << 20    // bytes, as the templates give to functions
	event    = `{"httpMethod":"GET","resource":"/health","path":"/health"}`
)

func TestABootstrapAnswersAnInvocationInAContainerAsLambdaRunsIt(t *testing.T) {
	cloud := httptest.NewServer(tables(t))
	t.Cleanup(cloud.Close)
	api := newRuntimeAPI(event)
	runtime := httptest.NewServer(api)
	t.Cleanup(runtime.Close)
	t.Cleanup(api.stop) // first: a server waits for the requests that are under way
	c := start(t, map[string]string{
		"AWS_LAMBDA_RUNTIME_API": strings.TrimPrefix(runtime.URL, "http://"), "AWS_ENDPOINT_URL": cloud.URL, "AWS_REGION": "us-east-1",
		"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_LAMBDA_FUNCTION_NAME": function, "_HANDLER": "bootstrap",
		"LAMBDA_TASK_ROOT": "/var/task", "TABLE": "health",
	})
	select {
	case got := <-api.answers:
		if got.kind != "response" {
			t.Fatalf("the function said %s: %s", got.kind, got.body)
		}
		var reply struct{ StatusCode int }
		if err := json.Unmarshal([]byte(got.body), &reply); err != nil || reply.StatusCode != 503 { // nothing was probed yet
			t.Errorf("%v, %s", err, got.body)
		}
		t.Logf("%s answered %s", function, got.body)
	case <-time.After(30 * time.Second):
		t.Fatalf("the function did not answer; it logged %q", logs(t, c))
	}
	state, err := c.State(t.Context())
	if err != nil || !state.Running || state.OOMKilled {
		t.Errorf("after its answer the function is %+v, %v; it logged %q", state, err, logs(t, c))
	}
}

// tables is the local cloud's DynamoDB with the table of the function.
func tables(t *testing.T) *core.Wire {
	t.Helper()
	faults := core.NewFaults(0)
	live := core.NewLive(faults)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { cancel(); live.Drain() })
	cloud := core.New(live, faults, 1)
	db := dynamodb.New(ctx, cloud, dynamodb.Options{})
	cloud.Register("dynamodb", db)
	_, err := cloud.Do(ctx, &core.Call{Region: "us-east-1", Service: "dynamodb", Operation: "CreateTable", Body: []byte(`{"TableName":"health","BillingMode":"PAY_PER_REQUEST",
		"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"S"}],
		"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	return core.NewWire(cloud)
}

// start runs the binary in an image of its own.
func start(t *testing.T, env map[string]string) testcontainers.Container {
	t.Helper()
	c, err := testcontainers.Run(t.Context(), "",
		testcontainers.WithDockerfile(testcontainers.FromDockerfile{Context: image(t), Repo: "twofold-bootstrap", Tag: "test", KeepImage: true}),
		testcontainers.WithEnv(env),
		testcontainers.WithHostConfigModifier(func(h *container.HostConfig) {
			h.NetworkMode = "host" // the runtime API is on the loopback, as in Lambda
			h.ReadonlyRootfs = true
			h.Tmpfs = map[string]string{"/tmp": "size=512m"}
			h.Memory, h.MemorySwap = memory, memory
			h.CapDrop = []string{"ALL"}
			h.SecurityOpt = []string{"no-new-privileges"}
		}))
	testcontainers.CleanupContainer(t, c)
	if err != nil {
		t.Fatalf("the container does not run (make integration sets up what this needs): %v", err)
	}
	return c
}

// image is a folder to build the function's image from.
func image(t *testing.T) string {
	t.Helper()
	built := os.Getenv("TWOFOLD_FUNCTIONS")
	if built == "" {
		t.Fatal("TWOFOLD_FUNCTIONS does not name the folder of the built functions: run make integration")
	}
	binary, err := os.ReadFile(filepath.Join(built, function))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for name, file := range map[string][]byte{"bootstrap": binary,
		"Dockerfile": []byte("FROM scratch\nCOPY bootstrap /var/task/bootstrap\nUSER 993:990\nWORKDIR /var/task\nENTRYPOINT [\"/var/task/bootstrap\"]\n")} {
		if err := os.WriteFile(filepath.Join(folder, name), file, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func logs(t *testing.T, c testcontainers.Container) string {
	t.Helper()
	r, err := c.Logs(t.Context())
	if err != nil {
		return err.Error()
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
