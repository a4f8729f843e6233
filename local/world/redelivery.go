package world

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"twofold/local/core"
)

// HideMessages has messages that nobody deletes come back after another time than the queues are deployed with, as an operator would set it. It must be longer than
// the functions that receive them may take. It answers the longest that was deployed.
func (w *World) HideMessages(ctx context.Context, d time.Duration) (deployed time.Duration, err error) {
	for _, q := range w.svc.sqs.Queues() {
		if strings.HasSuffix(q.Name, "-dead") {
			continue
		}
		url := fmt.Sprintf("%s/%s/%s", w.Endpoint(), core.AccountID, q.Name)
		var got struct{ Attributes map[string]string }
		if err := w.queueCall(ctx, q.Region, "GetQueueAttributes", map[string]any{"QueueUrl": url, "AttributeNames": []string{"VisibilityTimeout"}}, &got); err != nil {
			return 0, err
		}
		seconds, err := strconv.Atoi(got.Attributes["VisibilityTimeout"])
		if err != nil {
			return 0, fmt.Errorf("queue %s: %w", q.Name, err)
		}
		deployed = max(deployed, time.Duration(seconds)*time.Second)
		set := map[string]any{"QueueUrl": url, "Attributes": map[string]string{"VisibilityTimeout": strconv.Itoa(int(d / time.Second))}}
		if err := w.queueCall(ctx, q.Region, "SetQueueAttributes", set, nil); err != nil {
			return 0, err
		}
	}
	return deployed, nil
}

// queueCall is a call of SQS by the operator.
func (w *World) queueCall(ctx context.Context, region, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	reply, err := w.cloud.Do(ctx, &core.Call{Region: region, Service: "sqs", Operation: operation, Body: body})
	if err != nil || out == nil {
		return err
	}
	raw, err := json.Marshal(reply.Body)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, out)
}
