package main

import (
	"context"
	"fmt"

	"twofold/local/world"
)

// bareRegions are the regions of a cloud into which nothing is deployed. Its endpoint answers for every region that a request is
// signed for; these are the ones that faults know.
var bareRegions = []string{"us-east-1", "us-west-2"}

// cloud starts the services alone and runs until it is interrupted: what is in it comes in over the wire.
func cloud(ctx context.Context, opts world.Options) error {
	opts.Bare = bareRegions
	w, err := world.Start(ctx, opts)
	if err != nil {
		return err
	}
	fmt.Println("AWS endpoint", w.Endpoint())
	<-ctx.Done()
	return w.Close()
}
