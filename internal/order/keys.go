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
//	orders      order#<orderId>   fact#<kind>#<region>   a fact
//	            order#<orderId>   person#<region>        name, email, address
//	            key#<digest>      placed#<region>        which order a customer's Idempotency-Key made
//	order-work  price#<SKU>       price                  what a product costs
//	            cursor#<home>     pass#<n>               the last minute that a pass of the sweep has done
//	            retry#<home>      <orderId>              an order that is started again until it has an outcome
const (
	orderPrefix   = "order#"
	factPrefix    = "fact#"
	personPrefix  = "person#"
	requestPrefix = "placed#"
	retryPrefix   = "retry#"
	priceSort     = "price"
)

// sweepIndex is the sparse index of placed facts by region, minute and shard.
const (
	sweepIndex  = "sweep"
	sweepShards = 4
	minuteForm  = "200601021504"
)

func keyOf(pk, sk string) platform.Item { return platform.Item{"pk": str(pk), "sk": str(sk)} }

func factKey(orderID string, kind fact.Kind, region string) platform.Item {
	return keyOf(orderPrefix+orderID, factPrefix+string(kind)+"#"+region)
}

func personKey(orderID, region string) platform.Item {
	return keyOf(orderPrefix+orderID, personPrefix+region)
}

func requestKey(digest, region string) platform.Item {
	return keyOf("key#"+digest, requestPrefix+region)
}

func priceKey(sku string) platform.Item { return keyOf("price#"+sku, priceSort) }

func cursorKey(home string, pass int) platform.Item {
	return keyOf("cursor#"+home, "pass#"+strconv.Itoa(pass))
}

func retryKey(home, orderID string) platform.Item { return keyOf(retryPrefix+home, orderID) }

// sweepKey is where a placed fact stands in the sweep index.
func sweepKey(region string, minute time.Time, shard int) string {
	return region + "#" + minute.UTC().Format(minuteForm) + "#" + strconv.Itoa(shard)
}

// shardOf spreads orders evenly over the shards of their minute.
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
