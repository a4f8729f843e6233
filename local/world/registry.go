package world

import (
	"twofold/internal/auth"
	"twofold/internal/deploy"
	"twofold/internal/health"
	"twofold/internal/inventory"
	"twofold/internal/notification"
	"twofold/internal/order"
	"twofold/internal/payment"
	"twofold/internal/platform"
	"twofold/internal/shipping"
)

// constructors are the functions by the name of their folder in functions/, whose main calls the same constructor.
func constructors() map[string]platform.Constructor {
	return map[string]platform.Constructor{
		"api-authorizer":    auth.NewAuthorizer,
		"api-health":        health.NewAPI,
		"deploy-after":      deploy.NewAfter,
		"deploy-before":     deploy.NewBefore,
		"health-probe":      health.NewProbe,
		"inventory-adopt":   inventory.NewAdopt,
		"inventory-api":     inventory.NewAPI,
		"inventory-events":  inventory.NewEvents,
		"inventory-query":   inventory.NewQuery,
		"inventory-saga":    inventory.NewSaga,
		"inventory-sweep":   inventory.NewSweep,
		"notification-mail": notification.NewMail,
		"order-adopt":       order.NewAdopt,
		"order-api":         order.NewAPI,
		"order-erase":       order.NewErase,
		"order-facts":       order.NewFacts,
		"order-prices":      order.NewPrices,
		"order-query":       order.NewQuery,
		"order-saga":        order.NewSaga,
		"order-sweep":       order.NewSweep,
		"payment-reconcile": payment.NewReconcile,
		"payment-rotate":    payment.NewRotate,
		"payment-saga":      payment.NewSaga,
		"payment-webhook":   payment.NewWebhook,
		"shipping-rotate":   shipping.NewRotate,
		"shipping-saga":     shipping.NewSaga,
		"shipping-sweep":    shipping.NewSweep,
		"shipping-webhook":  shipping.NewWebhook,
		"stream-lookup":     deploy.NewStreamLookup,
	}
}
