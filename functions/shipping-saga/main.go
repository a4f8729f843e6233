// Command shipping-saga books, releases, cancels and stops shipments for the saga.
package main

import (
	"os"

	"twofold/internal/platform"
	"twofold/internal/shipping"
)

func main() { platform.Start(os.Getenv, shipping.NewSaga) }
