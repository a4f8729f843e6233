package payment

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
)

// In the payments table, which is this region's own: one item for each order, which names its intent.

func intentKey(orderID string) platform.Item {
	return platform.Item{"pk": str("order#" + orderID), "sk": str("intent")}
}

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
