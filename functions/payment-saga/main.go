// Command payment-saga authorizes, captures, voids and refunds payments for the saga.
package main

import (
	"os"

	"twofold/internal/payment"
	"twofold/internal/platform"
)

func main() { platform.Start(os.Getenv, payment.NewSaga) }
