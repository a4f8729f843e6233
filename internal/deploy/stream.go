package deploy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/cfn"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
)

// How a replica that is being created is waited for: long enough for most, short enough to answer in the function's time.
const (
	patience  = 100 * time.Second
	interval  = 3 * time.Second
	reserve   = 10 * time.Second // kept back of the function's time for the answer
	putWithin = 5 * time.Second
)

type streamLookup struct {
	tables interface {
		DescribeTable(ctx context.Context, in *dynamodb.DescribeTableInput, opts ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
	}
	http  *http.Client
	clock platform.Clock
	log   *slog.Logger
}

// handle answers one request at the address that it names
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html). A resource that cannot be made is answered
// FAILED with the reason; an error is returned only if the answer itself could not be put, so that Lambda tries again.
func (l *streamLookup) handle(ctx context.Context, e cfn.Event) error {
	table, _ := e.ResourceProperties["TableName"].(string)
	res := cfn.NewResponse(&e)
	res.Status, res.PhysicalResourceID = cfn.StatusSuccess, physicalID(e, table)
	if e.RequestType != cfn.RequestDelete {
		arn, err := l.stream(ctx, table)
		if err != nil {
			l.log.Error("no stream", "table", table, "error", err.Error())
			res.Status, res.Reason = cfn.StatusFailed, err.Error()
		}
		res.Data = map[string]any{"StreamArn": arn}
	}
	return l.put(ctx, e.ResponseURL, res)
}

// physicalID is the table's name. A Delete must name what Create made: CloudFormation sends that.
func physicalID(e cfn.Event, table string) string {
	for _, id := range []string{table, e.PhysicalResourceID} {
		if id != "" {
			return id
		}
	}
	return e.LogicalResourceID
}

var errNotYet = errors.New("the replica is not there yet")

// stream waits for the replica if need be.
func (l *streamLookup) stream(ctx context.Context, table string) (string, error) {
	if table == "" {
		return "", errors.New("property TableName is missing")
	}
	for until := l.until(ctx); ; {
		arn, err := l.look(ctx, table)
		if !errors.Is(err, errNotYet) || !l.clock.Now().Add(interval).Before(until) {
			return arn, err
		}
		if err := l.clock.Sleep(ctx, interval); err != nil {
			return "", err
		}
	}
}

// until is when waiting has to end so that there is time to answer.
func (l *streamLookup) until(ctx context.Context) time.Time {
	until := l.clock.Now().Add(patience)
	if end, ok := ctx.Deadline(); ok && end.Add(-reserve).Before(until) {
		return end.Add(-reserve)
	}
	return until
}

func (l *streamLookup) look(ctx context.Context, table string) (string, error) {
	res, err := l.tables.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &table})
	var unknown *types.ResourceNotFoundException
	switch {
	case errors.As(err, &unknown):
		return "", fmt.Errorf("table %s: %w", table, errNotYet)
	case err != nil:
		return "", fmt.Errorf("table %s: %w", table, err)
	case res.Table.LatestStreamArn != nil:
		return *res.Table.LatestStreamArn, nil
	case res.Table.TableStatus == types.TableStatusActive:
		return "", fmt.Errorf("table %s has no stream: give it a StreamSpecification", table)
	}
	return "", fmt.Errorf("table %s is %s: %w", table, res.Table.TableStatus, errNotYet)
}

// put sends the answer with the runtime's own client; the one in package cfn would use a global one.
func (l *streamLookup) put(ctx context.Context, url string, res *cfn.Response) error {
	body, err := json.Marshal(res)
	if err != nil {
		return err
	}
	ctx, cancel := l.clock.WithTimeout(ctx, putWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := l.http.Do(req)
	if err != nil {
		return err
	}
	if err := answer.Body.Close(); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("CloudFormation's address answered %s", answer.Status)
	}
	return nil
}
