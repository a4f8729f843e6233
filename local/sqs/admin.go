package sqs

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"twofold/local/core"
)

var queueName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

func (s *Service) createQueue(_ context.Context, call *core.Call) (any, error) {
	var in struct {
		QueueName  string
		Attributes map[string]string
	}
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	arn := core.ARN("sqs", call.Region, in.QueueName)
	if err := call.Authorize("sqs:CreateQueue", arn); err != nil {
		return nil, err
	}
	if q := s.queue(arn); q != nil {
		return map[string]string{"QueueUrl": s.url(q)}, q.sameAs(in.Attributes)
	}
	q, err := s.create(call.Region, in.QueueName, in.Attributes)
	if err != nil {
		return nil, err
	}
	return map[string]string{"QueueUrl": s.url(q)}, nil
}

func (q *queue) sameAs(attributes map[string]string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	have := q.settings.attributes()
	for name, value := range attributes {
		if have[name] != value {
			return core.Errorf("QueueNameExists", "A queue already exists with the same name and a different value for attribute %s", name)
		}
	}
	return nil
}

// create makes a queue, or sets the attributes of the one that is there.
func (s *Service) create(region, name string, attributes map[string]string) (*queue, error) {
	if strings.HasSuffix(name, ".fifo") {
		return nil, core.NotRun("sqs", "FIFO queues")
	}
	if !queueName.MatchString(name) {
		return nil, invalid("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	arn := core.ARN("sqs", region, name)
	c := defaults()
	if err := s.apply(region, arn, &c, attributes); err != nil {
		return nil, err
	}
	s.mu.Lock()
	q := s.queues[arn]
	if q == nil {
		q = &queue{region: region, name: name, arn: arn, created: s.Cloud.Now(), wake: s.Cloud.NewSignal(), receipts: map[string]*message{}}
		s.queues[arn] = q
	}
	s.mu.Unlock()
	q.mu.Lock()
	if c.policy == nil { // a queue policy is a resource of its own
		c.policy = q.settings.policy
	}
	q.settings = c
	q.mu.Unlock()
	return q, nil
}

// apply sets attributes in the order of their names, so that of several wrong ones always
// the same is reported.
func (s *Service) apply(region, arn string, c *settings, attributes map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		if err := c.set(name, attributes[name]); err != nil {
			return err
		}
	}
	return s.checkRedrive(region, arn, c)
}

func (s *Service) setQueueAttributes(_ context.Context, call *core.Call) (any, error) {
	var in struct {
		QueueUrl   string
		Attributes map[string]string
	}
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	q, err := s.open(call, "sqs:SetQueueAttributes", in.QueueUrl)
	if err != nil {
		return nil, err
	}
	q.mu.Lock()
	c := q.settings
	q.mu.Unlock()
	if err := s.apply(q.region, q.arn, &c, in.Attributes); err != nil {
		return nil, err
	}
	q.mu.Lock()
	q.settings = c
	q.mu.Unlock()
	return nil, nil
}

func (s *Service) getQueueAttributes(_ context.Context, call *core.Call) (any, error) {
	var in struct {
		QueueUrl       string
		AttributeNames []string
	}
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	q, err := s.open(call, "sqs:GetQueueAttributes", in.QueueUrl)
	if err != nil {
		return nil, err
	}
	visible, inflight, delayed := q.depth(s.Cloud.Now())
	q.mu.Lock()
	all := q.settings.attributes()
	q.mu.Unlock()
	created := strconv.FormatInt(q.created.Unix(), 10)
	maps.Copy(all, map[string]string{"QueueArn": q.arn, "CreatedTimestamp": created, "LastModifiedTimestamp": created,
		"ApproximateNumberOfMessages": strconv.Itoa(visible), "ApproximateNumberOfMessagesNotVisible": strconv.Itoa(inflight),
		"ApproximateNumberOfMessagesDelayed": strconv.Itoa(delayed)})
	if !slices.Contains(in.AttributeNames, "All") {
		maps.DeleteFunc(all, func(name, _ string) bool { return !slices.Contains(in.AttributeNames, name) })
	}
	return map[string]any{"Attributes": all}, nil
}

func (s *Service) getQueueURL(_ context.Context, call *core.Call) (any, error) {
	var in struct{ QueueName, QueueOwnerAWSAccountId string }
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	q, err := s.openARN(call.Region, core.ARN("sqs", call.Region, in.QueueName), "sqs:GetQueueUrl", call.Principal)
	if err != nil {
		return nil, err
	}
	return map[string]string{"QueueUrl": s.url(q)}, nil
}

func (s *Service) listQueues(_ context.Context, call *core.Call) (any, error) {
	var in struct {
		QueueNamePrefix, NextToken string
		MaxResults                 int
	}
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	if err := call.Authorize("sqs:ListQueues", core.ARN("sqs", call.Region, "*")); err != nil {
		return nil, err
	}
	urls := []string{}
	for _, q := range s.sorted(call.Region, in.QueueNamePrefix) {
		urls = append(urls, s.url(q))
	}
	return map[string]any{"QueueUrls": urls}, nil
}

func (s *Service) listSources(_ context.Context, call *core.Call) (any, error) {
	var in struct{ QueueUrl string }
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	dlq, err := s.open(call, "sqs:ListDeadLetterSourceQueues", in.QueueUrl)
	if err != nil {
		return nil, err
	}
	urls := []string{}
	for _, q := range s.sources(dlq) {
		urls = append(urls, s.url(q))
	}
	return map[string]any{"queueUrls": urls}, nil
}

// sources are the queues that name dlq as their dead-letter queue.
func (s *Service) sources(dlq *queue) []*queue {
	return slices.DeleteFunc(s.sorted(dlq.region, ""), func(q *queue) bool {
		q.mu.Lock()
		defer q.mu.Unlock()
		return q.settings.redrive == nil || q.settings.redrive.target != dlq.arn
	})
}

func (s *Service) purgeQueue(_ context.Context, call *core.Call) (any, error) {
	var in struct{ QueueUrl string }
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	q, err := s.open(call, "sqs:PurgeQueue", in.QueueUrl)
	if err != nil {
		return nil, err
	}
	q.purge()
	return nil, nil
}

func (s *Service) deleteQueue(_ context.Context, call *core.Call) (any, error) {
	var in struct{ QueueUrl string }
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	q, err := s.open(call, "sqs:DeleteQueue", in.QueueUrl)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	delete(s.queues, q.arn)
	s.mu.Unlock()
	q.purge()
	return nil, nil
}
