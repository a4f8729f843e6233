// Command empty is the smallest Lambda function there is: what a function's init time is measured against.
package main

import "github.com/aws/aws-lambda-go/lambda"

func main() { lambda.Start(func() error { return nil }) }
