package notification

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
)

// In the mails table, which is this region's own: one item for each order and kind of mail.

func mailKey(n Notice) platform.Item {
	return platform.Item{"pk": str("order#" + n.OrderID), "sk": str("mail#" + string(n.Kind))}
}

// stamp is a time as the table keeps it: strings that sort as the times do.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
