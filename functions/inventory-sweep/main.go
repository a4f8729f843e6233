// Command inventory-sweep credits and settles what events did not bring.
package main

import (
	"os"

	"twofold/internal/inventory"
	"twofold/internal/platform"
)

func main() { platform.Start(os.Getenv, inventory.NewSweep) }
