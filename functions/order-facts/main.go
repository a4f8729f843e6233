// Command order-facts is the Lambda function that writes down what the payment provider and the carrier tell of an order.
package main

import (
	"os"

	"twofold/internal/order"
	"twofold/internal/platform"
)

func main() { platform.Start(os.Getenv, order.NewFacts) }
