package stripe

import "strings"

// operation is one thing that can be asked for.
type operation struct {
	name    string
	accepts spec
	run     func(p *Provider, r *request) (any, *Error) // p.mu is held
}

// route finds the operation of a request, and the id in its path.
func route(method, path string) (operation, string, bool) {
	rest, ok := strings.CutPrefix(path, "/v1/")
	if !ok {
		return operation{}, "", false
	}
	parts := strings.Split(rest, "/")
	switch len(parts) {
	case 1:
		op, ok := collection(method + " " + parts[0])
		return op, "", ok
	case 2:
		op, ok := member(method + " " + parts[0])
		return op, parts[1], ok && parts[1] != ""
	case 3:
		op, ok := action(method + " " + parts[0] + "/" + parts[2])
		return op, parts[1], ok && parts[1] != ""
	}
	return operation{}, "", false
}

func collection(what string) (operation, bool) {
	switch what {
	case "POST payment_intents":
		return operation{"create", createSpec(), (*Provider).create}, true
	case "GET payment_intents":
		return operation{"list", listSpec(), (*Provider).list}, true
	case "POST refunds":
		return operation{"refund", spec{"payment_intent": text, "charge": text, "amount": integer, "reason": text,
			"metadata": dict, "expand": array}, (*Provider).refund}, true
	case "GET refunds":
		return operation{"list_refunds", spec{"payment_intent": text, "charge": text, "limit": integer,
			"starting_after": text, "ending_before": notRun, "created": notRun, "expand": array}, (*Provider).listRefunds}, true
	case "POST webhook_endpoints":
		return operation{"create_endpoint", spec{"url": text, "enabled_events": array, "metadata": dict, "description": text, "api_version": notRun, "connect": notRun,
			"expand": array}, (*Provider).createEndpoint}, true
	case "GET webhook_endpoints":
		return operation{"list_endpoints", spec{"limit": integer, "starting_after": notRun, "ending_before": notRun, "expand": array}, (*Provider).listEndpoints}, true
	case "POST customers":
		return operation{"create_customer", spec{"name": text, "email": text, "description": text, "metadata": dict,
			"address": notRun, "phone": notRun, "shipping": notRun, "payment_method": notRun, "expand": array}, (*Provider).createCustomer}, true
	}
	return operation{}, false
}

func member(what string) (operation, bool) {
	switch what {
	case "GET payment_intents":
		return operation{"retrieve", spec{"client_secret": text, "expand": array}, (*Provider).retrieve}, true
	case "POST payment_intents":
		return operation{"update", spec{"metadata": dict, "description": text, "amount": notRun, "currency": notRun,
			"customer": notRun, "payment_method": notRun, "shipping": notRun, "expand": array}, (*Provider).update}, true
	case "DELETE webhook_endpoints":
		return operation{"delete_endpoint", spec{}, (*Provider).deleteEndpoint}, true
	case "GET refunds":
		return operation{"retrieve_refund", spec{"expand": array}, (*Provider).retrieveRefund}, true
	case "GET charges":
		return operation{"retrieve_charge", spec{"expand": array}, (*Provider).retrieveCharge}, true
	case "GET customers":
		return operation{"retrieve_customer", spec{"expand": array}, (*Provider).retrieveCustomer}, true
	}
	return operation{}, false
}

func action(what string) (operation, bool) {
	switch what {
	case "POST payment_intents/confirm":
		return operation{"confirm", confirmSpec(), (*Provider).confirm}, true
	case "POST payment_intents/capture":
		return operation{"capture", spec{"amount_to_capture": integer, "metadata": dict, "final_capture": notRun,
			"application_fee_amount": notRun, "statement_descriptor": notRun, "statement_descriptor_suffix": notRun,
			"transfer_data": notRun, "expand": array}, (*Provider).capture}, true
	case "POST payment_intents/cancel":
		return operation{"cancel", spec{"cancellation_reason": text, "expand": array}, (*Provider).cancel}, true
	}
	return operation{}, false
}

func createSpec() spec {
	s := confirmSpec()
	for name, k := range (spec{"amount": integer, "currency": text, "customer": text, "confirm": boolean, "description": text,
		"metadata": dict, "automatic_payment_methods[enabled]": boolean, "automatic_payment_methods[allow_redirects]": text,
		"confirmation_method": notRun, "application_fee_amount": notRun, "on_behalf_of": notRun, "transfer_data": notRun,
		"transfer_group": notRun, "statement_descriptor": notRun, "statement_descriptor_suffix": notRun}) {
		s[name] = k
	}
	return s
}

func confirmSpec() spec {
	return spec{"payment_method": text, "payment_method_types": array, "capture_method": text, "off_session": boolean,
		"return_url": text, "receipt_email": text, "expand": array, "error_on_requires_action": notRun, "mandate": notRun,
		"mandate_data": notRun, "payment_method_data": notRun, "payment_method_options": notRun, "setup_future_usage": notRun,
		"shipping": notRun, "use_stripe_sdk": notRun, "confirmation_token": notRun, "radar_options": notRun}
}

func listSpec() spec {
	return spec{"customer": text, "created": integer, "created[gt]": integer, "created[gte]": integer, "created[lt]": integer,
		"created[lte]": integer, "limit": integer, "starting_after": text, "ending_before": text, "expand": array}
}
