// Command order-api is the Lambda function that takes orders and shows them.
package main

import (
	"os"

	"twofold/internal/order"
	"twofold/internal/platform"
)

func main() { platform.Start(os.Getenv, order.NewAPI) }
