// Command shipping-saga books, releases and cancels shipments for the saga.
package main

import (
	"os"

	"twofold/internal/platform"
	"twofold/internal/shipping"
)

func main() { platform.Start(os.Getenv, shipping.NewSaga) }
