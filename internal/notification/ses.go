package notification

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"

	"twofold/internal/platform"
)

// ses sends mails with SES (https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html).
type ses struct {
	client *sesv2.Client
	from   string
}

// Send gives a mail to SES, tagged with the order and the closing fact, by which bounces and complaints are told apart. Errors keep SES's code and drop its text, which names the recipient.
func (s ses) Send(ctx context.Context, to string, n Notice, m Mail) error {
	content := func(data string) *types.Content {
		return &types.Content{Data: aws.String(data), Charset: aws.String("UTF-8")}
	}
	_, err := s.client.SendEmail(ctx, &sesv2.SendEmailInput{
		FromEmailAddress: &s.from,
		Destination:      &types.Destination{ToAddresses: []string{to}},
		EmailTags:        []types.MessageTag{{Name: aws.String("order"), Value: &n.OrderID}, {Name: aws.String("kind"), Value: aws.String(string(n.Kind))}},
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: content(m.Subject), Body: &types.Body{Text: content(m.Text), Html: content(m.HTML)}}},
	})
	if err == nil {
		return nil
	}
	answer := "no answer"
	var api smithy.APIError
	if errors.As(err, &api) {
		answer = api.ErrorCode()
	}
	return platform.Refuse(platform.CodeOf(platform.FromAWS(err)), "the mail was not taken: "+answer)
}
