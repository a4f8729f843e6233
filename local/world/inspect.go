package world

import (
	"bytes"

	"twofold/local/promises"
)

// Stock is what a region's own table says it has, by SKU, and how many reservations are held there.
func (w *World) Stock(region string) ([]promises.Counters, int, error) { return w.stock(region) }

// Facts are a region's facts as they are stored, each as DynamoDB JSON with its attributes sorted by name.
func (w *World) Facts(region string) []string {
	var out []string
	for _, item := range w.svc.dynamodb.Items(region, w.table("orders")) {
		if bytes.Contains(item.JSON, []byte(`"sk":{"S":"fact#`)) {
			out = append(out, string(item.JSON))
		}
	}
	return out
}
