package sqs

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"twofold/local/core"
)

// Requests is what SQS bills: one for every started 64 KiB of a call.
const Requests core.Unit = "sqs:Request"

const requestChunk = 64 << 10

// Config is what a Service is made from.
type Config struct {
	Cloud *core.Cloud
	// Context is the parent of the tasks that the service starts (redrives).
	Context context.Context
	// Endpoint is the base of queue URLs, e.g. "http://127.0.0.1:4566"; a queue's URL is
	// Endpoint/account/name.
	Endpoint string
	// Disturb, when set, is asked for every message that is put into a queue.
	Disturb func(region, queue string) Disturbance
}

// Disturbance is what a fault does to one message.
type Disturbance struct {
	Late  time.Duration // visible this much later
	Twice bool          // a second copy is delivered, with the same message id
}

// Service keeps the queues of all regions. Build it with New; it is a core.Service.
type Service struct {
	Config

	mu     sync.RWMutex
	queues map[string]*queue // by ARN
	moves  []*moveTask       // in the order in which they were started
}

// New makes a service without queues.
func New(c Config) *Service { return &Service{Config: c, queues: map[string]*queue{}} }

type operation func(s *Service, ctx context.Context, call *core.Call) (any, error)

var operations = map[string]operation{
	"SendMessage":                  (*Service).sendMessage,
	"SendMessageBatch":             (*Service).sendMessageBatch,
	"ReceiveMessage":               (*Service).receiveMessage,
	"DeleteMessage":                (*Service).deleteMessage,
	"DeleteMessageBatch":           (*Service).deleteMessageBatch,
	"ChangeMessageVisibility":      (*Service).changeVisibility,
	"ChangeMessageVisibilityBatch": (*Service).changeVisibilityBatch,
	"GetQueueUrl":                  (*Service).getQueueURL,
	"GetQueueAttributes":           (*Service).getQueueAttributes,
	"SetQueueAttributes":           (*Service).setQueueAttributes,
	"CreateQueue":                  (*Service).createQueue,
	"ListQueues":                   (*Service).listQueues,
	"ListDeadLetterSourceQueues":   (*Service).listSources,
	"PurgeQueue":                   (*Service).purgeQueue,
	"DeleteQueue":                  (*Service).deleteQueue,
	"StartMessageMoveTask":         (*Service).startMove,
	"ListMessageMoveTasks":         (*Service).listMoves,
	"CancelMessageMoveTask":        (*Service).cancelMove,
}

// Handle answers one call. Errors are core.Error values with the codes of the API reference.
func (s *Service) Handle(ctx context.Context, call *core.Call) (*core.Reply, error) {
	op := operations[call.Operation]
	if op == nil {
		return nil, core.NotRun("sqs", "the operation "+call.Operation)
	}
	s.bill(call.Region, len(call.Body))
	body, err := op(s, ctx, call)
	if err != nil {
		return nil, err
	}
	if body == nil {
		body = struct{}{}
	}
	return &core.Reply{Body: body}, nil
}

func (s *Service) bill(region string, bytes int) {
	s.Cloud.Meter.Add(region, Requests, float64(max(1, (bytes+requestChunk-1)/requestChunk)))
}

func errNoQueue() error {
	return core.Errorf("QueueDoesNotExist", "The specified queue does not exist.")
}

// open finds the queue of a URL in the call's region and authorizes the action on it.
func (s *Service) open(call *core.Call, action, url string) (*queue, error) {
	if url == "" {
		return nil, core.Errorf("MissingParameter", "The request must contain the parameter QueueUrl.")
	}
	return s.openARN(call.Region, core.ARN("sqs", call.Region, core.NameOf(url)), action, call.Principal)
}

func (s *Service) openARN(region, arn, action string, p core.Principal) (*queue, error) {
	q := s.queue(arn)
	if err := s.authorize(region, p, action, arn, q); err != nil {
		return nil, err
	}
	if q == nil {
		return nil, errNoQueue()
	}
	return q, nil
}

func (s *Service) queue(arn string) *queue {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.queues[arn]
}

// sorted are the queues of a region ("" for all) whose names begin with prefix, by ARN.
func (s *Service) sorted(region, prefix string) []*queue {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []*queue
	for _, q := range s.queues {
		if (region == "" || q.region == region) && strings.HasPrefix(q.name, prefix) {
			out = append(out, q)
		}
	}
	slices.SortFunc(out, func(a, b *queue) int { return strings.Compare(a.arn, b.arn) })
	return out
}

func (s *Service) url(q *queue) string {
	return strings.TrimSuffix(s.Endpoint, "/") + "/" + core.AccountID + "/" + q.name
}
