// Command order-adopt gives up a region that is lost for good, and tells what it had sold.
package main

import (
	"os"

	"twofold/internal/order"
	"twofold/internal/platform"
)

func main() { platform.Start(os.Getenv, order.NewAdopt) }
