// Command stream-lookup is the Lambda function that looks up a table's stream for CloudFormation.
package main

import (
	"os"

	"twofold/internal/deploy"
	"twofold/internal/platform"
)

func main() { platform.Start(os.Getenv, deploy.NewStreamLookup) }
