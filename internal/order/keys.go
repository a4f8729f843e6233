package order

import (
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/fact"
	"twofold/internal/platform"
)

// The keys of both tables. In the global table of orders every sort key ends in the region that writes the item.
//
//	orders      order#<orderId>   fact#<kind>#<region>             a fact
//	            order#<orderId>   fact#webhook#<event>#<region>    an event of the payment provider
//	            order#<orderId>   person#<region>                  name, email, address; or that they were erased
//	order-work  price#<SKU>       price                            what a product costs
//	            key#<digest>      order                            which order a customer's Idempotency-Key made here
//	            cursor#<region>   places                           how far the passes of the sweep over the region's lists have come
//	            retry#<region>    <orderId>                        an order that is started again until all is said about it
const (
	orderPrefix   = "order#"
	factPrefix    = "fact#"
	webhookPrefix = "fact#webhook#"
	personPrefix  = "person#"
	requestPrefix = "key#"
	requestSort   = "order"
	retryPrefix   = "retry#"
	priceSort     = "price"
)

// sweepIndex is the sparse index of what the sweep looks at, by list and shard, and there by time. A region's lists are the orders that it
// took, under its name, and the cancel requests that it took, which are few and have one shard. A shard takes 1,000 writes a second.
const (
	sweepIndex  = "sweep"
	sweepShards = 4
	cancelList  = "cancel#"
)

// customerIndex is the sparse index of placed facts by customer and time.
const customerIndex = "customer"

func keyOf(pk, sk string) platform.Item { return platform.Item{"pk": str(pk), "sk": str(sk)} }

func factKey(orderID string, kind fact.Kind, region string) platform.Item {
	return keyOf(orderPrefix+orderID, factPrefix+string(kind)+"#"+region)
}

// keyOfFact is where a fact stands. The provider's events are kept apart by their ids.
func keyOfFact(f fact.Fact) platform.Item {
	if f.Kind == fact.PaymentUpdated {
		return keyOf(orderPrefix+f.OrderID, webhookPrefix+f.EventID+"#"+f.Region)
	}
	return factKey(f.OrderID, f.Kind, f.Region)
}

func personKey(orderID, region string) platform.Item {
	return keyOf(orderPrefix+orderID, personPrefix+region)
}

func requestKey(digest string) platform.Item { return keyOf(requestPrefix+digest, requestSort) }

func priceKey(sku string) platform.Item { return keyOf("price#"+sku, priceSort) }

func cursorKey(home string) platform.Item { return keyOf("cursor#"+home, "places") }

func retryKey(home, orderID string) platform.Item { return keyOf(retryPrefix+home, orderID) }

// sweepKey is a shard of a list of the sweep index.
func sweepKey(list string, shard int) string { return list + "#" + strconv.Itoa(shard) }

// listedKey is where a placed fact stands among those of its customer: by time, and by order within a millisecond.
func listedKey(at time.Time, orderID string) string { return at.UTC().Format(timeForm) + "#" + orderID }

// shardOf spreads orders evenly over the shards of their list.
func shardOf(orderID string) int {
	h := fnv.New32a()
	h.Write([]byte(orderID)) // a hash.Hash never returns an error
	return int(h.Sum32() % sweepShards)
}

// orderOf is the order id of an item of the orders table.
func orderOf(item platform.Item) string { return strings.TrimPrefix(keyPart(item, "pk"), orderPrefix) }

// keyPart is pk or sk of an item; every stored item has both, as strings.
func keyPart(item platform.Item, name string) string {
	if v, ok := item[name].(*types.AttributeValueMemberS); ok {
		return v.Value
	}
	return ""
}
