// Command payment-reconcile ends payments that no living order stands behind.
package main

import (
	"os"

	"twofold/internal/payment"
	"twofold/internal/platform"
)

func main() { platform.Start(os.Getenv, payment.NewReconcile) }
