// Command deploy-after is the Lambda function that CodeDeploy calls after a new version of a function has got its traffic.
package main

import (
	"os"

	"twofold/internal/deploy"
	"twofold/internal/platform"
)

func main() { platform.Start(os.Getenv, deploy.NewAfter) }
