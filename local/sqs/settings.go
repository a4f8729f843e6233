package sqs

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"twofold/local/core"
)

// Limits of docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html;
// times in seconds, sizes in bytes.
const (
	maxDelay      = 900
	maxWait       = 20
	maxVisibility = 43200
	maxMessage    = 1 << 20
)

// settings are the attributes that a queue's owner sets.
type settings struct {
	visibility, delay, retention, wait time.Duration
	maxSize                            int
	redrive                            *redrive
	redriveAllow                       *redriveAllow
	policy                             *policy
}

type redrive struct {
	target string // ARN
	max    int
	text   string
}

type redriveAllow struct {
	permission string // allowAll, denyAll or byQueue
	sources    []string
	text       string
}

func defaults() settings {
	return settings{visibility: 30 * time.Second, retention: 4 * 24 * time.Hour, maxSize: maxMessage}
}

// set changes one attribute from its text on the wire.
func (c *settings) set(name, value string) error {
	var err error
	switch name {
	case "VisibilityTimeout":
		c.visibility, err = span(name, value, 0, maxVisibility)
	case "DelaySeconds":
		c.delay, err = span(name, value, 0, maxDelay)
	case "MessageRetentionPeriod":
		c.retention, err = span(name, value, 60, 1209600)
	case "ReceiveMessageWaitTimeSeconds":
		c.wait, err = span(name, value, 0, maxWait)
	case "MaximumMessageSize":
		c.maxSize, err = whole(name, value, 1024, maxMessage)
	case "RedrivePolicy":
		c.redrive, err = parseRedrive(value)
	case "RedriveAllowPolicy":
		c.redriveAllow, err = parseRedriveAllow(value)
	case "Policy":
		c.policy, err = parsePolicy(value)
	case "SqsManagedSseEnabled", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds": // change nothing on one machine
	case "FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit":
		return core.NotRun("sqs", "FIFO queues")
	default:
		return core.Errorf("InvalidAttributeName", "Unknown Attribute %s.", name)
	}
	return err
}

func whole(name, value string, low, high int) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < low || n > high {
		return 0, core.Errorf("InvalidAttributeValue", "Invalid value for the parameter %s.", name)
	}
	return n, nil
}

func span(name, value string, low, high int) (time.Duration, error) {
	n, err := whole(name, value, low, high)
	return time.Duration(n) * time.Second, err
}

func parseRedrive(text string) (*redrive, error) {
	if text == "" {
		return nil, nil
	}
	var in struct {
		DeadLetterTargetArn string   `json:"deadLetterTargetArn"`
		MaxReceiveCount     core.Int `json:"maxReceiveCount"`
	}
	if err := json.Unmarshal([]byte(text), &in); err != nil || in.DeadLetterTargetArn == "" || in.MaxReceiveCount < 1 || in.MaxReceiveCount > 1000 {
		return nil, invalid("Value %s for parameter RedrivePolicy is invalid. Reason: it needs deadLetterTargetArn and a maxReceiveCount between 1 and 1000.", text)
	}
	return &redrive{target: in.DeadLetterTargetArn, max: int(in.MaxReceiveCount), text: text}, nil
}

func parseRedriveAllow(text string) (*redriveAllow, error) {
	if text == "" {
		return nil, nil
	}
	var in struct {
		RedrivePermission string   `json:"redrivePermission"`
		SourceQueueArns   []string `json:"sourceQueueArns"`
	}
	err := json.Unmarshal([]byte(text), &in)
	known := slices.Contains([]string{"allowAll", "denyAll", "byQueue"}, in.RedrivePermission)
	if err != nil || !known || (in.RedrivePermission == "byQueue") != (len(in.SourceQueueArns) > 0) {
		return nil, invalid("Value %s for parameter RedriveAllowPolicy is invalid.", text)
	}
	return &redriveAllow{permission: in.RedrivePermission, sources: in.SourceQueueArns, text: text}, nil
}

// admits reports whether a queue may name the queue with these settings as its dead-letter queue.
func (r *redriveAllow) admits(source string) bool {
	return r == nil || r.permission == "allowAll" || r.permission == "byQueue" && slices.Contains(r.sources, source)
}

// attributes are the settings as GetQueueAttributes shows them.
func (c *settings) attributes() map[string]string {
	seconds := func(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
	out := map[string]string{
		"VisibilityTimeout":             seconds(c.visibility),
		"DelaySeconds":                  seconds(c.delay),
		"MessageRetentionPeriod":        seconds(c.retention),
		"ReceiveMessageWaitTimeSeconds": seconds(c.wait),
		"MaximumMessageSize":            strconv.Itoa(c.maxSize),
		"SqsManagedSseEnabled":          "true",
	}
	if c.redrive != nil {
		out["RedrivePolicy"] = c.redrive.text
	}
	if c.redriveAllow != nil {
		out["RedriveAllowPolicy"] = c.redriveAllow.text
	}
	if c.policy != nil {
		out["Policy"] = c.policy.text
	}
	return out
}

// checkRedrive makes sure that the dead-letter queue of a queue exists beside it and takes
// its messages.
func (s *Service) checkRedrive(region, arn string, c *settings) error {
	if c.redrive == nil {
		return nil
	}
	dlq := s.queue(c.redrive.target)
	if dlq == nil || !strings.HasPrefix(c.redrive.target, "arn:aws:sqs:"+region+":") {
		return invalid("Value %s for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.", c.redrive.text)
	}
	dlq.mu.Lock()
	defer dlq.mu.Unlock()
	if !dlq.settings.redriveAllow.admits(arn) {
		return invalid("Value %s for parameter RedrivePolicy is invalid. Reason: The dead-letter queue does not admit %s as a source.", c.redrive.text, arn)
	}
	return nil
}
