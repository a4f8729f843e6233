// Command inventory-adopt takes over the stock of a region that is lost for good.
package main

import (
	"os"

	"twofold/internal/inventory"
	"twofold/internal/platform"
)

func main() { platform.Start(os.Getenv, inventory.NewAdopt) }
