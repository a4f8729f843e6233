// Command order-sweep is the Lambda function that starts orders without outcome again.
package main

import (
	"os"

	"twofold/internal/order"
	"twofold/internal/platform"
)

func main() { platform.Start(os.Getenv, order.NewSweep) }
