package payment

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
)

// placeTable keeps the reconciler's places and its list in the payments table.
type placeTable struct {
	db   platform.Tables
	name string
}

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

const againPK = "reconcile#again"

func placeKey(home string) platform.Item {
	return platform.Item{"pk": str("reconcile#" + home), "sk": str("place")}
}

func againKey(id string) platform.Item { return platform.Item{"pk": str(againPK), "sk": str(id)} }

// Place is how far this region has come with a home's intents; the zero value at first.
func (t placeTable) Place(ctx context.Context, home string) (place, error) {
	res, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, Key: placeKey(home), ConsistentRead: aws.Bool(true)})
	if err != nil || res.Item == nil {
		return place{}, platform.FromAWS(err)
	}
	p := place{after: textOf(res.Item, "after")}
	for name, at := range map[string]*time.Time{"from": &p.from, "to": &p.to} {
		if s := textOf(res.Item, name); s != "" {
			if *at, err = time.Parse(time.RFC3339, s); err != nil {
				return place{}, platform.Wrap(platform.Internal, err)
			}
		}
	}
	return p, nil
}

// SetPlace keeps a place.
func (t placeTable) SetPlace(ctx context.Context, home string, p place) error {
	item := placeKey(home)
	item["after"], item["from"] = str(p.after), str(p.from.UTC().Format(time.RFC3339))
	if !p.to.IsZero() {
		item["to"] = str(p.to.UTC().Format(time.RFC3339))
	}
	_, err := t.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: item})
	return platform.FromAWS(err)
}

// Again are the intents that are to be looked at again.
func (t placeTable) Again(ctx context.Context) ([]string, error) {
	var ids []string
	for pages := dynamodb.NewQueryPaginator(t.db, &dynamodb.QueryInput{TableName: &t.name, ConsistentRead: aws.Bool(true),
		KeyConditionExpression: aws.String("pk = :pk"), ExpressionAttributeValues: platform.Item{":pk": str(againPK)}}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, platform.FromAWS(err)
		}
		for _, item := range page.Items {
			ids = append(ids, textOf(item, "sk"))
		}
	}
	return ids, nil
}

// lastHome is the place of the round over that list, among those of homes.
const lastHome = "round"

// Last implements platform.Place.
func (t placeTable) Last(ctx context.Context) (string, error) {
	p, err := t.Place(ctx, lastHome)
	return p.after, err
}

// SetLast implements platform.Place.
func (t placeTable) SetLast(ctx context.Context, id string) error {
	return t.SetPlace(ctx, lastHome, place{after: id})
}

// SetAgain puts an intent on the list or takes it off.
func (t placeTable) SetAgain(ctx context.Context, id string, again bool) error {
	var err error
	if again {
		_, err = t.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: againKey(id)})
	} else {
		_, err = t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.name, Key: againKey(id)})
	}
	return platform.FromAWS(err)
}

func textOf(item platform.Item, name string) string {
	if v, ok := item[name].(*types.AttributeValueMemberS); ok {
		return v.Value
	}
	return ""
}
