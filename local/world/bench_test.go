package world

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/local/core"
	"twofold/local/lambda"
	"twofold/local/lambda/simulated"
)

// BenchmarkSimulatedSDKCall is one PutItem: the SDK's work, two steps, the wire, the service.
func BenchmarkSimulatedSDKCall(b *testing.B) {
	w, err := Simulate(Options{Root: "../..", Seed: 1, Lag: time.Second})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	d := w.driver.(*simDriver)
	rt := d.runtime(simulated.Env{Version: &lambda.Version{Region: w.regions[0], AccessKeyID: "operator", Secret: "any"}, Rand: core.NewRand(1), Stdout: b.Output()}, w.Endpoint())
	client := dynamodb.NewFromConfig(rt.AWS)
	err = w.Do(context.Background(), "bench", func(ctx context.Context) error {
		for b.Loop() {
			_, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(w.table("mails")), Item: map[string]types.AttributeValue{
				"pk": &types.AttributeValueMemberS{Value: "a"}, "sk": &types.AttributeValueMemberS{Value: "b"}}})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkSimulatedDeployment is what a seed costs before anything happens.
func BenchmarkSimulatedDeployment(b *testing.B) {
	for b.Loop() {
		w, err := Simulate(Options{Root: "../..", Seed: 1, Lag: time.Second})
		if err != nil {
			b.Fatal(err)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
