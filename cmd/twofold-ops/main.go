// Command twofold-ops works on a running stage of Twofold, in an account or under `make up`; package operator says what it can do.
//
// It exits 1 when something went wrong, and 2 when it was asked for something that it does not have.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"twofold/operator"
)

// attempts is how often a call is made before its region counts as out of reach.
const attempts = 3

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := operator.Run(ctx, os.Args[1:], os.Stdout, func(set operator.Settings) (*operator.Operator, error) { return connect(ctx, set) })
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "twofold-ops:", err)
		if errors.As(err, new(operator.Usage)) {
			os.Exit(2)
		}
		os.Exit(1)
	}
}

// connect reads the usual configuration of the SDK. A region that does not answer is given up after a few tries.
func connect(ctx context.Context, set operator.Settings) (*operator.Operator, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRetryMaxAttempts(attempts))
	if err != nil {
		return nil, fmt.Errorf("the configuration of the SDK: %w", err)
	}
	of := func(region string) aws.Config {
		c := cfg.Copy()
		c.Region = region
		return c
	}
	return &operator.Operator{Stage: set.Stage, Regions: strings.Split(set.Regions, ","), Out: os.Stdout, Config: of, Now: time.Now, Sleep: sleep}, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
