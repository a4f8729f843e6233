package inventory

import (
	"fmt"
	"hash/crc32"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
)

// Names of attributes and indexes.
const (
	attrPK = "pk"
	attrSK = "sk"

	heldIndex = "held"      // of the stock table: reservations that are held
	heldShard = "heldShard" // its hash key, only on those
	heldAt    = "heldAt"    // its range key
	// heldShards is enough for 16 shards of SKUs under a rush: an entry is written in a transaction and removed by a plain write, three units of the
	// thousand that a partition takes in a second. The sweep scans them all at once.
	heldShards = 64

	sweepIndex  = "sweep" // of the catalogue: receipts, transfers and requests
	sweepShards = 4       // of the receipts of a minute

	productsIndex = "products" // of the catalogue: versions of products by SKU
	listing       = "listing"  // its hash key, only on those, always the same
	listed        = "products"
)

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func num(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: fmt.Sprint(n)}
}

func key(pk, sk string) platform.Item { return platform.Item{attrPK: str(pk), attrSK: str(sk)} }

func text(item platform.Item, attr string) string {
	s, ok := item[attr].(*types.AttributeValueMemberS)
	if !ok {
		return ""
	}
	return s.Value
}

// In the catalogue, which is global, every sort key names the region that writes it: the last one, but for a transfer, which
// its giver writes.

func skuPK(sku string) string { return "sku#" + sku }

const (
	productSK  = "product#"
	snapshotSK = "snapshot#"
)

func snapshotKey(sku, region string) platform.Item { return key(skuPK(sku), snapshotSK+region) }

// skuOfItem is the SKU that an item of the catalogue, or a shard, belongs to.
func skuOfItem(item platform.Item) string {
	sku, _, _ := strings.Cut(strings.TrimPrefix(text(item, attrPK), "sku#"), "#")
	return sku
}

const (
	transferSK = "transfer#"
	requestSK  = "request#"
)

func transferKey(sku, giver, receiver string) platform.Item {
	return key(skuPK(sku), transferSK+giver+"#"+receiver)
}

func requestKey(sku, asker string) platform.Item { return key(skuPK(sku), requestSK+asker) }

// movesSweep is the hash key of transfers to a region, and of requests to it, in the sweep's index. They have one partition, which takes 1,000
// writes a second: of a SKU each stands there once, and a run of the sweep reads them with one Query.
func movesSweep(target string) string { return "moves#" + target }

func receiptSK(id, region string) string { return "receipt#" + id + "#" + region }

// receiptOf reads a receipt's SKU and id from its key.
func receiptOf(item platform.Item) (sku, id string) {
	id, _, _ = strings.Cut(strings.TrimPrefix(text(item, attrSK), "receipt#"), "#")
	return skuOfItem(item), id
}

// receiptSweep is a receipt's hash key in the sweep's index: the region that must credit it comes first.
func receiptSweep(target string, at time.Time, id string) string {
	return fmt.Sprintf("%s#%s#%d", target, at.UTC().Format("200601021504"), spread(id, sweepShards))
}

// In the stock table, which is this region's own.

// shardSK marks a shard; each is a partition of its own, because a partition takes so many writes a second and no more.
const shardSK = "shard"

func shardKey(sku string, shard int) platform.Item {
	return key(fmt.Sprintf("%s#%d", skuPK(sku), shard), shardSK)
}

// totalKey keeps how much of a SKU this region has ever given to another, or credited from it.
func totalKey(what counter, peer, sku string) platform.Item {
	return key("transfer#"+peer, string(what)+"#"+sku)
}

func creditedKey(sku, receiptID string) platform.Item {
	return key("receipt#"+receiptID, "credited#"+sku)
}

func reservationKey(orderID string) platform.Item { return key("order#"+orderID, "reservation") }

func orderOf(item platform.Item) string { return strings.TrimPrefix(text(item, attrPK), "order#") }

func roundKey(name string) platform.Item { return key("sweep#"+name, "round") }

func heldHash(shard int) string { return fmt.Sprintf("held#%d", shard) }

// spread puts an id into one of n shards, always the same.
func spread(id string, n uint32) int {
	return int(crc32.ChecksumIEEE([]byte(id)) % n)
}
