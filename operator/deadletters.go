package operator

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// ListDeadLetters prints all dead-letter queues of both regions.
func (o *Operator) ListDeadLetters(ctx context.Context) error {
	sites, err := o.sites()
	if err != nil {
		return err
	}
	rows := [][]string{{"DEAD-LETTER QUEUE", "REGION", "MESSAGES"}}
	var failed error
	for _, s := range sites {
		urls, err := s.deadQueues(ctx)
		failed = errors.Join(failed, err)
		for _, url := range urls {
			n, err := s.attribute(ctx, url, types.QueueAttributeNameApproximateNumberOfMessages)
			failed = errors.Join(failed, err)
			rows = append(rows, []string{o.short(url), s.region, n})
		}
	}
	return errors.Join(o.table(rows), failed)
}

// short is a queue's name without the stage, as people name it to these commands.
func (o *Operator) short(url string) string { return strings.TrimPrefix(path.Base(url), o.name("")) }

func (s *site) deadQueues(ctx context.Context) ([]string, error) {
	var out []string
	for pages := sqs.NewListQueuesPaginator(s.queues, &sqs.ListQueuesInput{QueueNamePrefix: s.table(""), MaxResults: aws.Int32(100)}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, s.explain(err)
		}
		for _, url := range page.QueueUrls {
			if strings.HasSuffix(url, "-dead") {
				out = append(out, url)
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

func (s *site) attribute(ctx context.Context, url string, name types.QueueAttributeName) (string, error) {
	res, err := s.queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{name}})
	if err != nil {
		return "?", s.explain(err)
	}
	return res.Attributes[string(name)], nil
}

// deadQueue finds a dead-letter queue by the name that ListDeadLetters prints.
func (s *site) deadQueue(ctx context.Context, name string) (string, error) {
	urls, err := s.deadQueues(ctx)
	if err != nil {
		return "", err
	}
	var known []string
	for _, url := range urls {
		if short := s.op.short(url); short == name || path.Base(url) == name {
			return url, nil
		}
		known = append(known, s.op.short(url))
	}
	return "", Usage{fmt.Sprintf("%s has no dead-letter queue %q: it has %s", s.region, name, strings.Join(known, ", "))}
}

// ShowDeadLetters prints messages of a dead-letter queue, at most so many, with the reasons that stand in their attributes. They are hidden
// from others for ten seconds, and stay.
func (o *Operator) ShowDeadLetters(ctx context.Context, name, region string, most int) error {
	s, err := o.site(region)
	if err != nil {
		return err
	}
	url, err := s.deadQueue(ctx, name)
	if err != nil {
		return err
	}
	shown := 0
	for shown < most {
		res, err := s.queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: int32(min(10, most-shown)), VisibilityTimeout: 10,
			MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameSentTimestamp}})
		if err != nil {
			return s.explain(err)
		}
		if len(res.Messages) == 0 {
			break
		}
		for _, m := range res.Messages {
			if shown++; shown > 1 {
				if err := o.say(""); err != nil {
					return err
				}
			}
			if err := o.say("%s", letter(m)); err != nil {
				return err
			}
		}
	}
	if shown == 0 {
		return o.say("%s in %s shows no message.", name, region)
	}
	return nil
}

func letter(m types.Message) string {
	lines := []string{"message " + aws.ToString(m.MessageId)}
	var names []string
	for name := range m.MessageAttributes {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		lines = append(lines, "  "+name+": "+aws.ToString(m.MessageAttributes[name].StringValue))
	}
	if len(names) == 0 {
		lines = append(lines, "  no reason stands with it: it was received too often, and the log of its function has why")
	}
	return strings.Join(append(lines, "  "+aws.ToString(m.Body)), "\n")
}

// RedriveDeadLetters sends all messages of a dead-letter queue back to the queue that it belongs to.
func (o *Operator) RedriveDeadLetters(ctx context.Context, name, region string, apply bool) error {
	s, err := o.site(region)
	if err != nil {
		return err
	}
	url, err := s.deadQueue(ctx, name)
	if err != nil {
		return err
	}
	sources, err := s.queues.ListDeadLetterSourceQueues(ctx, &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: &url})
	if err != nil {
		return s.explain(err)
	}
	if len(sources.QueueUrls) != 1 {
		return fmt.Errorf("%s belongs to no queue of SQS, so its messages cannot be sent back: look at them with dlq show; the sweeps find the orders "+
			"by themselves, order redrive starts one at once, and replay sends events again", name)
	}
	from, ferr := s.attribute(ctx, url, types.QueueAttributeNameQueueArn)
	to, terr := s.attribute(ctx, sources.QueueUrls[0], types.QueueAttributeNameQueueArn)
	n, nerr := s.attribute(ctx, url, types.QueueAttributeNameApproximateNumberOfMessages)
	if err := errors.Join(ferr, terr, nerr); err != nil {
		return err
	}
	if !apply {
		return o.dry("%s messages of %s in %s go to %s", n, name, region, o.short(sources.QueueUrls[0]))
	}
	// Letters that a function wrote itself have no source that SQS knows of, so the destination is named.
	if _, err := s.queues.StartMessageMoveTask(ctx, &sqs.StartMessageMoveTaskInput{SourceArn: &from, DestinationArn: &to}); err != nil {
		return s.explain(err)
	}
	return o.say("%s messages of %s in %s are on their way to %s.", n, name, region, o.short(sources.QueueUrls[0]))
}
