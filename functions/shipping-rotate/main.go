// Command shipping-rotate renews the secrets of the shipping service.
package main

import (
	"os"

	"twofold/internal/shipping"
	"twofold/internal/platform"
)

func main() { platform.Start(os.Getenv, shipping.NewRotate) }
