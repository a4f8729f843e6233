// Command order-erase is the Lambda function with which the operator removes what is known of a person.
package main

import (
	"os"

	"twofold/internal/order"
	"twofold/internal/platform"
)

func main() { platform.Start(os.Getenv, order.NewErase) }
