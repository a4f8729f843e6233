// Command shipping-rotate renews the secrets of the shipping service.
package main

import (
	"os"

	"twofold/internal/platform"
	"twofold/internal/shipping"
)

func main() { platform.Start(os.Getenv, shipping.NewRotate) }
