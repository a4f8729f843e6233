package world

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
	"twofold/local/core"
	"twofold/local/lambda"
	"twofold/local/lambda/simulated"
)

// CallCost is how long one simulated SDK call takes on this machine, the mean of n: a PutItem through the SDK, the network with its two
// steps, the wire, and the service. It is what a simulated history is paid in.
func (p *Prepared) CallCost(n int) (_ time.Duration, err error) {
	w, err := p.Simulate(Options{Seed: 1, Latency: UsualLatency()})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	client := w.operatorRuntime(io.Discard).DynamoDB()
	begin := time.Now()
	err = w.Do(context.Background(), "cost", func(ctx context.Context) error {
		for range n {
			if err := putOne(ctx, w, client); err != nil {
				return err
			}
		}
		return nil
	})
	return time.Since(begin) / time.Duration(n), err
}

// operatorRuntime is the runtime of somebody in a simulated world who may do everything.
func (w *World) operatorRuntime(log io.Writer) platform.Runtime {
	env := simulated.Env{Version: &lambda.Version{Region: w.regions[0], AccessKeyID: "operator", Secret: "any"}, Cloud: w.cloud, Rand: core.NewRand(1), Stdout: log}
	return w.driver.(*simDriver).runtime(env, w.Endpoint())
}

func putOne(ctx context.Context, w *World, client platform.Tables) error {
	_, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(w.table("mails")), Item: map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "a"}, "sk": &types.AttributeValueMemberS{Value: "b"}}})
	return err
}
