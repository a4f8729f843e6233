// Command shipping-webhook takes the carrier's webhooks.
package main

import (
	"os"

	"twofold/internal/platform"
	"twofold/internal/shipping"
)

func main() { platform.Start(os.Getenv, shipping.NewWebhook) }
