package order

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"twofold/internal/fact"
	"twofold/internal/platform"
)

// The size of a page of orders.
const (
	defaultLimit = 20
	maxLimit     = 50
)

// position is a placed fact in its customer's list: when and which order, and who wrote it.
type position struct {
	Listed string `json:"listed"` // <time>#<orderId>
	Region string `json:"region"`
}

func (p position) orderID() string {
	_, id, _ := strings.Cut(p.Listed, "#")
	return id
}

// lister reads customers' lists of orders, newest first. It costs one read of the index and one of each order.
type lister struct {
	store interface {
		orderReader
		listed(ctx context.Context, customer string, limit int32, after *position) ([]position, *position, error)
	}
}

// page answers the orders behind a position and where the next page starts; nil if there is none. An order that both regions took
// stands in the index twice, and is shown where the placed fact that counts is: a page may hold fewer orders than asked for.
func (l *lister) page(ctx context.Context, customer string, limit int32, after *position) ([]fact.Order, *position, error) {
	positions, next, err := l.store.listed(ctx, customer, limit, after)
	if err != nil {
		return nil, nil, err
	}
	orders := make([]fact.Order, 0, len(positions))
	for _, p := range positions {
		rec, err := l.store.load(ctx, p.orderID())
		if err != nil {
			return nil, nil, err
		}
		if o := fact.Fold(rec.facts); o.State != fact.StateUnknown && o.Placed.Region == p.Region {
			orders = append(orders, o)
		}
	}
	return orders, next, nil
}

// listed is a page of a customer's placed facts, as far as the index shows them. Facts of a version that did not list them are not there.
func (s *store) listed(ctx context.Context, customer string, limit int32, after *position) ([]position, *position, error) {
	in := &dynamodb.QueryInput{
		TableName: &s.orders, IndexName: aws.String(customerIndex), Limit: &limit, ScanIndexForward: aws.Bool(false),
		KeyConditionExpression:    aws.String("customer = :customer"),
		ExpressionAttributeValues: platform.Item{":customer": str(customer)},
	}
	if after != nil {
		in.ExclusiveStartKey = factKey(after.orderID(), fact.Placed, after.Region)
		in.ExclusiveStartKey["customer"], in.ExclusiveStartKey["listed"] = str(customer), str(after.Listed)
	}
	res, err := s.db.Query(ctx, in)
	if err != nil {
		return nil, nil, platform.FromAWS(err)
	}
	positions := make([]position, len(res.Items))
	for i, item := range res.Items {
		positions[i] = positionOf(item)
	}
	if len(res.LastEvaluatedKey) == 0 {
		return positions, nil, nil
	}
	next := positionOf(res.LastEvaluatedKey)
	return positions, &next, nil
}

func positionOf(key platform.Item) position {
	return position{Listed: keyPart(key, "listed"), Region: strings.TrimPrefix(keyPart(key, "sk"), keyPart(factKey("", fact.Placed, ""), "sk"))}
}

// cursor is what clients are given of a position. It names the customer, so that one that was mixed up is refused and not
// answered with nonsense. It needs no signature: it only says where in the caller's own list a page starts.
type cursor struct {
	Customer string `json:"customer"` // a digest
	position
}

var (
	listedPattern = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z#ord_[a-z2-7]{26}$`)
	regionPattern = regexp.MustCompile(`^[a-z]{2}-[a-z]+-[0-9]$`)
)

func encodeCursor(customer string, p *position) (string, error) {
	if p == nil {
		return "", nil
	}
	raw, err := json.Marshal(cursor{digest("cursor", customer), *p})
	if err != nil {
		return "", platform.Wrap(platform.Internal, err)
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

// decodeCursor is the position that a cursor stands for; false if this API did not give it to this customer.
func decodeCursor(customer, text string) (position, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return position{}, false
	}
	var c cursor
	if err := json.Unmarshal(raw, &c); err != nil {
		return position{}, false
	}
	return c.position, c.Customer == digest("cursor", customer) && listedPattern.MatchString(c.Listed) && regionPattern.MatchString(c.Region)
}

// pageOf reads which page a request asks for.
func pageOf(r platform.Request) (limit int32, after *position, err error) {
	var c checks
	limit = defaultLimit
	if text, given := r.QueryStringParameters["limit"]; given {
		n, err := strconv.ParseInt(text, 10, 32)
		c.that(err == nil && n >= 1 && n <= maxLimit, "limit", "ask for 1 to "+strconv.Itoa(maxLimit)+" orders, or leave it out")
		limit = int32(n)
	}
	if text, given := r.QueryStringParameters["cursor"]; given {
		p, ok := decodeCursor(r.Caller.Customer, text)
		c.that(ok, "cursor", "send nextCursor of your page before as it was, or leave it out to start at the newest order")
		after = &p
	}
	if len(c.found) > 0 {
		return 0, nil, &platform.Error{Code: platform.InvalidRequest, Violations: c.found}
	}
	return limit, after, nil
}
