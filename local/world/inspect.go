package world

import (
	"encoding/json"
	"slices"
	"strings"

	"twofold/internal/fact"
	"twofold/local/dynamodb"
	"twofold/local/promises"
)

// Stock is what a region's own table says it has, by SKU, and how many reservations are held there.
func (w *World) Stock(region string) ([]promises.Counters, int, error) { return w.stock(region) }

// Unreplicated names the items of the global tables of which one region's replica has another version than the other's, or which
// that does not have: table, pk and sk with spaces between.
func (w *World) Unreplicated(from, to string) []string {
	var out []string
	for _, table := range []string{"orders", "catalogue"} {
		there := map[string]bool{}
		for _, item := range w.svc.dynamodb.Items(to, w.table(table)) {
			there[string(item.JSON)] = true
		}
		for _, item := range w.svc.dynamodb.Items(from, w.table(table)) {
			var key struct{ PK, SK struct{ S string } }
			if !there[string(item.JSON)] && json.Unmarshal(item.JSON, &key) == nil {
				out = append(out, table+" "+key.PK.S+" "+key.SK.S)
			}
		}
	}
	return out
}

// Facts are a region's facts as they are stored, each as DynamoDB JSON with its attributes sorted by name.
func (w *World) Facts(region string) []string {
	var out []string
	for _, row := range w.factRows(region) {
		out = append(out, string(row.JSON()))
	}
	return out
}

// HasFact reports whether a region has a fact of a kind of an order, whoever wrote it.
func (w *World) HasFact(region, orderID, kind string) bool {
	return slices.ContainsFunc(w.factRows(region), func(row dynamodb.Row) bool {
		return row.Text("orderId") == orderID && row.Text("kind") == kind
	})
}

// PlacedIn are the regions whose placed facts of an order a region has.
func (w *World) PlacedIn(region, orderID string) []string {
	var out []string
	for _, row := range w.factRows(region) {
		if row.Text("orderId") == orderID && row.Text("kind") == string(fact.Placed) {
			out = append(out, row.Text("region"))
		}
	}
	return out
}

// Holds reports whether a region holds stock for an order.
func (w *World) Holds(region, orderID string) bool {
	return slices.ContainsFunc(w.svc.dynamodb.Rows(region, w.table("stock")), func(row dynamodb.Row) bool {
		return row.Text("pk") == "order#"+orderID && row.Text("sk") == "reservation" && row.Text("state") == "held"
	})
}

// Orders are the orders of which a region has facts, by their ids' order.
func (w *World) Orders(region string) []string {
	var out []string
	for _, row := range w.factRows(region) {
		out = append(out, row.Text("orderId"))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// HasPerson reports whether a region has the person of an order, whoever wrote it.
func (w *World) HasPerson(region, orderID string) bool {
	return slices.ContainsFunc(w.svc.dynamodb.Rows(region, w.table("orders")), func(row dynamodb.Row) bool {
		return row.Text("pk") == "order#"+orderID && strings.HasPrefix(row.Text("sk"), "person#")
	})
}

func (w *World) factRows(region string) []dynamodb.Row {
	return slices.DeleteFunc(w.svc.dynamodb.Rows(region, w.table("orders")), func(row dynamodb.Row) bool {
		return !strings.HasPrefix(row.Text("sk"), "fact#")
	})
}
