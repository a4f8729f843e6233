// Command api-health is the Lambda function that answers whether the region can be used.
package main

import (
	"os"

	"twofold/internal/health"
	"twofold/internal/platform"
)

func main() { platform.Start(os.Getenv, health.NewAPI) }
