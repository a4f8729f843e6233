package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"strings"
	"time"

	"twofold/local/world"
)

// defaultEndpoint is the AWS endpoint of `twofold up`.
const defaultEndpoint = "http://" + endpointAddress

// patience is how long one request of a command may take.
const patience = 15 * time.Second

func endpointOption(flags *flag.FlagSet) *string {
	return flags.String("endpoint", defaultEndpoint, "the `URL` of the AWS endpoint that up printed")
}

// authentication plays the shopper before the bank's question.
func authentication(flags *flag.FlagSet) func(context.Context, []string) error {
	endpoint := endpointOption(flags)
	return func(ctx context.Context, args []string) error {
		passed, known := map[string]string{"pass": "true", "fail": "false"}[args[1]]
		if !known {
			return usageError{fmt.Sprintf("the shopper can pass or fail, not %q", args[1])}
		}
		return happen(ctx, *endpoint, world.PathAuthentication+"?passed="+passed, args[0])
	}
}

// parcel plays the carrier.
func parcel(flags *flag.FlagSet) func(context.Context, []string) error {
	endpoint := endpointOption(flags)
	return func(ctx context.Context, args []string) error {
		path, known := map[string]string{"pick-up": world.PathPickUp, "deliver": world.PathDelivery}[args[1]]
		if !known {
			return usageError{fmt.Sprintf("the carrier can pick-up or deliver, not %q", args[1])}
		}
		return happen(ctx, *endpoint, path, args[0])
	}
}

// happen asks a running platform to let something happen to an order outside of it.
func happen(ctx context.Context, endpoint, path, order string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+strings.Replace(path, "{order}", order, 1), nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nothingRuns(endpoint, err)
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	var played world.Played
	if err := json.NewDecoder(res.Body).Decode(&played); err != nil {
		return fmt.Errorf("%s is no platform of make up: %w", endpoint, err)
	}
	if res.StatusCode != http.StatusOK {
		return errors.New(played.Detail)
	}
	fmt.Printf("%s: %s\n", order, played.Detail)
	return nil
}

func nothingRuns(endpoint string, err error) error {
	return fmt.Errorf("nothing answers at %s (start the platform with make up, or name its AWS endpoint with -endpoint): %w", endpoint, err)
}
