// Command order-query is the Lambda function that answers the saga and the other services about an order.
package main

import (
	"os"

	"twofold/internal/order"
	"twofold/internal/platform"
)

func main() { platform.Start(os.Getenv, order.NewQuery) }
