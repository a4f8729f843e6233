// Command inventory-query answers other services' questions about products.
package main

import (
	"os"

	"twofold/internal/inventory"
	"twofold/internal/platform"
)

func main() { platform.Start(os.Getenv, inventory.NewQuery) }
