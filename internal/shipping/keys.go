package shipping

import (
	"fmt"
	"hash/crc32"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
)

// In the shipments table, which is this region's own: one item for each order, and the place of the sweep. The attributes of the index stand only on
// obligations.
const (
	bookedIndex  = "booked"
	bookedShards = 4
)

func shipmentKey(orderID string) platform.Item {
	return platform.Item{"pk": str("order#" + orderID), "sk": str("shipment")}
}

// roundKey keeps where the sweep's round stopped.
func roundKey() platform.Item { return platform.Item{"pk": str("round#booked"), "sk": str("position")} }

func orderOf(item platform.Item) string {
	pk, ok := item["pk"].(*types.AttributeValueMemberS)
	if !ok {
		return ""
	}
	return strings.TrimPrefix(pk.Value, "order#")
}

// bookedHash is the index's hash key: ids are spread over a few, so that no partition takes them all.
func bookedHash(shard uint32) string { return fmt.Sprintf("booked#%d", shard) }

func shardOf(orderID string) uint32 { return crc32.ChecksumIEEE([]byte(orderID)) % bookedShards }

// stamp is a time as the table keeps it: strings that sort as the times do.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
