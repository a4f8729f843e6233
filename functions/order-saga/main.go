// Command order-saga is the Lambda function that writes an order's outcome.
package main

import (
	"os"

	"twofold/internal/order"
	"twofold/internal/platform"
)

func main() { platform.Start(os.Getenv, order.NewSaga) }
