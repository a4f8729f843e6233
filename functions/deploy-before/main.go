// Command deploy-before is the Lambda function that CodeDeploy calls before a new version of a function gets traffic.
package main

import (
	"os"

	"twofold/internal/deploy"
	"twofold/internal/platform"
)

func main() { platform.Start(os.Getenv, deploy.NewBefore) }
