package notification

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
	lambdaclient "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"twofold/internal/platform"
)

// NewMail mails facts as their events arrive in a queue.
func NewMail(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	m := mailer{
		region:  rt.AWS.Region,
		claims:  mailTable{db: rt.DynamoDB(), name: env.String("TABLE")},
		persons: orderService{lambda: lambdaclient.NewFromConfig(rt.AWS), function: env.String("ORDER_QUERY_FUNCTION")},
		sender:  ses{client: sesv2.NewFromConfig(rt.AWS), from: env.String("MAIL_FROM")},
		clock:   rt.Clock,
	}
	dead := platform.NewDeadLetters(rt, env.String("DEAD_LETTERS_URL"))
	if err := env.Err(); err != nil {
		return nil, err
	}
	return platform.Messages(rt, dead, m.handle), nil
}
