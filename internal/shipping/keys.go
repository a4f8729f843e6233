package shipping

import (
	"fmt"
	"hash/crc32"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
)

// In the shipments table, which is this region's own: the list of obligations, one item for each, and the place of the sweep. The list is in parts because
// a partition takes about 1,000 writes a second, and an order takes two: so many parts take as many orders as the index of placed orders does.
const bookedShards = 8

func bookedKey(orderID string) platform.Item {
	return platform.Item{"pk": str(bookedHash(shardOf(orderID))), "sk": str(orderID)}
}

// roundKey keeps where the sweep's round stopped.
func roundKey() platform.Item { return platform.Item{"pk": str("round#booked"), "sk": str("position")} }

func bookedHash(shard uint32) string { return fmt.Sprintf("booked#%d", shard) }

func shardOf(orderID string) uint32 { return crc32.ChecksumIEEE([]byte(orderID)) % bookedShards }

// stamp is a time as the table keeps it: strings that sort as the times do.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
