// Command inventory-api serves the catalogue and this region's stock.
package main

import (
	"os"

	"twofold/internal/inventory"
	"twofold/internal/platform"
)

func main() { platform.Start(os.Getenv, inventory.NewAPI) }
