//go:build pact

package consumers_test

import (
	"context"
	"net/http"
	"strings"

	"github.com/pact-foundation/pact-go/v2/matchers"

	twofold "twofold/client/go"
)

func cutOrder(path string) (before, after string, found bool) { return strings.Cut(path, "{order}") }

// order is what the shop's checkout sends.
func anApplication(quantity int64) twofold.NewOrder {
	return twofold.NewOrder{Lines: []twofold.NewLine{{Sku: sku, Quantity: quantity}}, Currency: "EUR", Payment: twofold.Payment{Method: "pm_card_visa"},
		Shipping: twofold.Shipping{Method: "standard", Name: "Ada Byron", Email: "ada@shop.example",
			Address: twofold.Address{Line1: "12 St James's Square", City: "London", PostalCode: "SW1Y 4JH", Country: "GB"}}}
}

func ordering() []exchange {
	place := func(does, given, as string, quantity int64, status int, answer detail, read func(*twofold.PlaceOrderResponse, error) error) exchange {
		return exchange{does: does, given: given, as: as, method: "POST", path: "/v1/orders", key: true, body: anApplication(quantity), status: status, answer: answer,
			call: func(c *twofold.ClientWithResponses) error {
				return read(c.PlaceOrderWithResponse(context.Background(), &twofold.PlaceOrderParams{IdempotencyKey: "order-0001"}, anApplication(quantity)))
			}}
	}
	accepted := place("an order", "a product is for sale", "shopper", 2, 202, anOrder("PLACED", nil), func(r *twofold.PlaceOrderResponse, err error) error {
		return told(r.JSON202, err, func(o twofold.Order) bool {
			return o.OrderId == orderID && o.State == "PLACED" && o.Amount.Amount == 2070 && o.Lines[0].UnitAmount == 790
		})
	})
	accepted.header = map[string]matchers.Matcher{"Location": matchers.Regex("/v1/orders/"+orderID, "^.*/v1/orders/ord_[a-z2-7]{26}$"),
		"Twofold-Durability": matchers.Regex("two-regions", "^(two-regions|one-region)$")}
	invalid := problem(400, "InvalidRequest")
	invalid["errors"] = matchers.EachLike(detail{"pointer": matchers.Equality("/lines/0/quantity"), "detail": matchers.Like("order 1 to 1000")}, 1)
	return []exchange{
		accepted,
		place("an order of nothing", "a product is for sale", "shopper", 0, 400, invalid, func(r *twofold.PlaceOrderResponse, err error) error {
			return told(r.ApplicationproblemJSON400, err, func(p twofold.Problem) bool {
				return p.Code == "InvalidRequest" && (*p.Errors)[0].Pointer == "/lines/0/quantity"
			})
		}),
		place("an order by nobody", "a product is for sale", "", 2, 401, problem(401, "Unauthorized"), func(r *twofold.PlaceOrderResponse, err error) error {
			return withCode(r.ApplicationproblemJSON401, err, "Unauthorized")
		}),
		place("an order by somebody who may only read", "a product is for sale", "reader", 2, 403, problem(403, "Forbidden"), func(r *twofold.PlaceOrderResponse, err error) error {
			return withCode(r.ApplicationproblemJSON403, err, "Forbidden")
		}),
		place("another order under the same key", "an order was placed under the key", "shopper", 3, 422, problem(422, "IdempotencyMismatch"), func(r *twofold.PlaceOrderResponse, err error) error {
			return withCode(r.ApplicationproblemJSON422, err, "IdempotencyMismatch")
		}),
		place("an order of what is not sold", "a product is not for sale", "shopper", 2, 422, problem(422, "Unprocessable"), func(r *twofold.PlaceOrderResponse, err error) error {
			return withCode(r.ApplicationproblemJSON422, err, "Unprocessable")
		}),
	}
}

func readingOrders() []exchange {
	read := func(does, given, as string, status int, answer detail, read func(*twofold.GetOrderResponse, error) error) exchange {
		return exchange{does: does, given: given, as: as, method: "GET", path: "/v1/orders/{order}", status: status, answer: answer,
			call: func(c *twofold.ClientWithResponses) error {
				return read(c.GetOrderWithResponse(context.Background(), orderID))
			}}
	}
	is := func(state string) func(r *twofold.GetOrderResponse, err error) error {
		return func(r *twofold.GetOrderResponse, err error) error {
			return told(r.JSON200, err, func(o twofold.Order) bool { return string(o.State) == state && len(o.Facts) > 0 })
		}
	}
	return []exchange{
		read("a question about a confirmed order", "an order is confirmed", "shopper", 200, anOrder("CONFIRMED", nil), is("CONFIRMED")),
		read("a question about an order that was out of stock", "an order of more than there is", "shopper", 200, anOrder("REJECTED", detail{"reason": matchers.Equality("InsufficientStock")}),
			func(r *twofold.GetOrderResponse, err error) error {
				return told(r.JSON200, err, func(o twofold.Order) bool { return o.State == "REJECTED" && *o.Reason == "InsufficientStock" })
			}),
		read("a question about an order that was declined", "an order is rejected", "shopper", 200, anOrder("REJECTED", detail{"reason": matchers.Equality("PaymentDeclined")}), is("REJECTED")),
		read("a question about an order whose shopper must act", "an order whose shopper must act", "shopper", 200,
			anOrder("ACTION_REQUIRED", detail{"actionUrl": matchers.Regex("https://hooks.example/3ds", "^https?://.+$")}),
			func(r *twofold.GetOrderResponse, err error) error {
				return told(r.JSON200, err, func(o twofold.Order) bool { return o.State == "ACTION_REQUIRED" && *o.ActionUrl != "" })
			}),
		read("a question about another customer's order", "an order of another customer", "shopper", 404, problem(404, "NotFound"),
			func(r *twofold.GetOrderResponse, err error) error {
				return withCode(r.ApplicationproblemJSON404, err, "NotFound")
			}),
		{does: "a question about all orders", given: "an order is confirmed", as: "shopper", method: "GET", path: "/v1/orders", query: map[string]string{"limit": "10"}, status: 200,
			answer: detail{"items": matchers.EachLike(anOrder("CONFIRMED", nil), 1)},
			call: func(c *twofold.ClientWithResponses) error {
				limit := 10
				r, err := c.ListOrdersWithResponse(context.Background(), &twofold.ListOrdersParams{Limit: &limit})
				return told(r.JSON200, err, func(p twofold.OrderPage) bool { return len(p.Items) == 1 && p.Items[0].OrderId == orderID })
			}},
	}
}

func cancelling() []exchange {
	cancel := func(does, given string, status int, answer detail, read func(*twofold.CancelOrderResponse, error) error) exchange {
		return exchange{does: does, given: given, as: "shopper", method: "POST", path: "/v1/orders/{order}/cancellation", status: status, answer: answer,
			call: func(c *twofold.ClientWithResponses) error {
				return read(c.CancelOrderWithResponse(context.Background(), orderID))
			}}
	}
	return []exchange{
		cancel("a wish to cancel", "an order is confirmed", http.StatusAccepted, anOrder("CONFIRMED", detail{"cancelRequested": matchers.Equality(true)}),
			func(r *twofold.CancelOrderResponse, err error) error {
				return told(r.JSON202, err, func(o twofold.Order) bool { return o.CancelRequested })
			}),
		cancel("a wish to cancel what has left", "the goods are picked up", http.StatusConflict, problem(409, "Conflict"),
			func(r *twofold.CancelOrderResponse, err error) error {
				return withCode(r.ApplicationproblemJSON409, err, "Conflict")
			}),
	}
}

func browsing() []exchange {
	background := context.Background()
	change := twofold.ProductChange{Title: "Earl Grey, 100 g", Price: twofold.Money{Amount: 790, Currency: "EUR"}, Active: true}
	receipt := twofold.NewReceipt{ReceiptId: "asn-2026-0042", Quantity: 500, Target: region}
	counters := func() detail {
		out := detail{}
		for _, name := range []string{"received", "got", "available", "held", "consumed", "given"} {
			out[name] = matchers.Integer(5)
		}
		return out
	}
	written := aProduct()
	delete(written, "available") // not told to who writes
	stock := counters()
	stock["sku"], stock["region"] = matchers.Equality(sku), aRegion()
	return []exchange{
		{does: "a question about the products", given: "a product is for sale", as: "shopper", method: "GET", path: "/v1/products", status: 200,
			answer: detail{"items": matchers.EachLike(aProduct(), 1)},
			call: func(c *twofold.ClientWithResponses) error {
				r, err := c.ListProductsWithResponse(background, &twofold.ListProductsParams{})
				return told(r.JSON200, err, func(p twofold.ProductPage) bool {
					return p.Items[0].Price.Amount == 790 && *p.Items[0].Available == 498
				})
			}},
		{does: "a question about a product", given: "a product is for sale", as: "shopper", method: "GET", path: "/v1/products/" + sku, status: 200, answer: aProduct(),
			header: map[string]matchers.Matcher{"ETag": matchers.Regex(`"1.us-east-1"`, `^"[0-9]+\.[a-z0-9-]+"$`)},
			call: func(c *twofold.ClientWithResponses) error {
				r, err := c.GetProductWithResponse(background, sku)
				return told(r.JSON200, err, func(p twofold.Product) bool { return p.Active && p.Title != "" })
			}},
		{does: "a question about a product that does not exist", given: "a product is for sale", as: "shopper", method: "GET", path: "/v1/products/NO-SUCH-TEA", status: 404, answer: problem(404, "NotFound"),
			call: func(c *twofold.ClientWithResponses) error {
				r, err := c.GetProductWithResponse(background, "NO-SUCH-TEA")
				return withCode(r.ApplicationproblemJSON404, err, "NotFound")
			}},
		{does: "a change of a product", given: "a product is for sale", as: "staff", method: "PUT", path: "/v1/products/" + sku, body: change, status: 200, answer: written,
			call: func(c *twofold.ClientWithResponses) error {
				r, err := c.PutProductWithResponse(background, sku, &twofold.PutProductParams{}, change)
				return told(r.JSON200, err, func(p twofold.Product) bool { return p.Sku == sku })
			}},
		{does: "goods that arrived", given: "a product is for sale", as: "staff", method: "POST", path: "/v1/products/" + sku + "/receipts", body: receipt, status: 202,
			answer: detail{"sku": matchers.Equality(sku), "receiptId": matchers.Equality("asn-2026-0042"), "quantity": matchers.Equality(500), "target": aRegion(), "region": aRegion()},
			call: func(c *twofold.ClientWithResponses) error {
				r, err := c.ReceiveStockWithResponse(background, sku, receipt)
				return told(r.JSON202, err, func(x twofold.Receipt) bool { return x.Quantity == 500 && x.Target == region })
			}},
		{does: "a question about the stock", given: "a product is for sale", as: "staff", method: "GET", path: "/v1/products/" + sku + "/stock", status: 200, answer: stock,
			call: func(c *twofold.ClientWithResponses) error {
				r, err := c.GetStockWithResponse(background, sku)
				return told(r.JSON200, err, func(x twofold.Stock) bool { return x.Available == 5 && x.Region == region })
			}},
		{does: "a question whether the region is well", given: "the region is well", method: "GET", path: "/health", status: 200,
			answer: detail{"status": matchers.Equality("pass"), "region": aRegion(), "at": matchers.Regex("2026-03-04T12:00:00.000Z", aTime),
				"checks": matchers.EachLike(detail{"name": matchers.Like("table-orders"), "ok": matchers.Equality(true)}, 1)},
			call: func(c *twofold.ClientWithResponses) error {
				r, err := c.GetHealthWithResponse(background)
				return told(r.JSON200, err, func(h twofold.Health) bool { return h.Status == "pass" && h.Checks[0].Ok })
			}},
	}
}
