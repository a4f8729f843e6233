// Command payment-rotate renews the secrets of the payment service.
package main

import (
	"os"

	"twofold/internal/payment"
	"twofold/internal/platform"
)

func main() { platform.Start(os.Getenv, payment.NewRotate) }
