// Command inventory-events credits receipts and settles reservations.
package main

import (
	"os"

	"twofold/internal/inventory"
	"twofold/internal/platform"
)

func main() { platform.Start(os.Getenv, inventory.NewEvents) }
