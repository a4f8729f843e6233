// Command order-prices is the Lambda function that keeps the price read model.
package main

import (
	"os"

	"twofold/internal/order"
	"twofold/internal/platform"
)

func main() { platform.Start(os.Getenv, order.NewPrices) }
