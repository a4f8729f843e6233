// Command payment-webhook takes the payment provider's webhooks.
package main

import (
	"os"

	"twofold/internal/payment"
	"twofold/internal/platform"
)

func main() { platform.Start(os.Getenv, payment.NewWebhook) }
