// Command health-probe is the Lambda function that looks every minute whether the region is well.
package main

import (
	"os"

	"twofold/internal/health"
	"twofold/internal/platform"
)

func main() { platform.Start(os.Getenv, health.NewProbe) }
