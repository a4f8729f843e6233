package main

import (
	"context"
	"flag"
	"fmt"
	"net/url"
	"strings"

	"twofold/local/world"
)

// faults are the words of the command fault, with what each wants after it.
var faults = map[string]string{"lose": "REGION", "restore": "REGION", "cut": "", "heal": "", "lag": "DURATION", "rates": "NAME=VALUE...", "show": ""}

// faultLine is how the command is written.
const faultLine = "twofold fault lose|restore REGION, cut, heal, lag DURATION, rates NAME=VALUE..., or show"

// fault changes what is broken in a running platform.
func fault(flags *flag.FlagSet) func(context.Context, []string) error {
	endpoint := endpointOption(flags)
	return func(ctx context.Context, args []string) error {
		query, err := faultQuery(args)
		if err != nil {
			return err
		}
		path := strings.Replace(world.PathFaults, "{what}", args[0], 1)
		return happen(ctx, *endpoint, path+"?"+query.Encode(), "now")
	}
}

// faultQuery reads the words behind the command.
func faultQuery(args []string) (url.Values, error) {
	query := url.Values{}
	if len(args) == 0 {
		return nil, usageError{"write: " + faultLine}
	}
	wants, known := faults[args[0]]
	rest := args[1:]
	switch {
	case !known, wants == "" && len(rest) > 0, wants != "" && len(rest) == 0, len(rest) > 1 && args[0] != "rates":
		return nil, usageError{"write: " + faultLine}
	case args[0] == "lag":
		query.Set("by", rest[0])
	case args[0] == "rates":
		for _, r := range rest {
			name, value, ok := strings.Cut(r, "=")
			if !ok {
				return nil, usageError{fmt.Sprintf("a rate is written NAME=VALUE, not %q", r)}
			}
			query.Set(name, value)
		}
	case wants == "REGION":
		query.Set("region", rest[0])
	}
	return query, nil
}
