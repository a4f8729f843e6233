// Package dynamodblocal runs DynamoDB Local, AWS's own engine, in a container for tests.
//
// It guarantees an engine in memory of its own per Start, on a loopback port, that has answered once.
// It does not make the image known to the container engine: tools/dynamodb-local/image.sh does.
package dynamodblocal

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

const port = "8000/tcp"

// Start runs the image and gives the engine's address, and what ends it. Each region and access key has tables of its own.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DynamoDBLocal.UsageNotes.html
func Start(ctx context.Context, image string) (endpoint *url.URL, stop func() error, err error) {
	c, err := testcontainers.Run(ctx, image,
		testcontainers.WithExposedPorts(port),
		// Any answer will do: an unsigned request gets a 400.
		testcontainers.WithWaitStrategy(wait.ForHTTP("/").WithPort(port).WithStatusCodeMatcher(func(int) bool { return true }).WithStartupTimeout(time.Minute)))
	stop = func() error { return testcontainers.TerminateContainer(c) }
	if err != nil {
		return nil, nil, fmt.Errorf("%s does not run in a container (make integration sets up what it needs): %w", image, err)
	}
	address, err := c.PortEndpoint(ctx, port, "http")
	if err != nil {
		return nil, stop, err
	}
	endpoint, err = url.Parse(address)
	return endpoint, stop, err
}
