// Command api-authorizer is the Lambda function that checks bearer tokens for the API.
package main

import (
	"os"

	"twofold/internal/auth"
	"twofold/internal/platform"
)

func main() { platform.Start(os.Getenv, auth.NewAuthorizer) }
