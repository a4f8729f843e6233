// Command shipping-sweep sees shipments through that runs of the saga have left.
package main

import (
	"os"

	"twofold/internal/platform"
	"twofold/internal/shipping"
)

func main() { platform.Start(os.Getenv, shipping.NewSweep) }
