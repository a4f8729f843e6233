"""What schemathesis cannot know: goods that the shop sells, and how the providers sign their webhooks.

Loaded by tools/fuzz/run.sh through SCHEMATHESIS_HOOKS. Only requests that are meant to be valid are changed, and only so that more of them
get past the door; what schemathesis generates to be refused goes out as it is.
"""

import hashlib
import hmac
import os
import time

import schemathesis
from requests.auth import AuthBase

SKUS = ("TEA-EARL-GREY", "TEA-RARE-OOLONG", "TEA-SOLD-OUT")
# Secrets of the local stage (samconfig.toml), handed over by run.sh.
SIGNED = {
    "takePaymentWebhook": ("Stripe-Signature", os.environ["STRIPE_WEBHOOK_SECRET"]),
    "takeCarrierWebhook": ("Carrier-Signature", os.environ["CARRIER_WEBHOOK_SECRET"]),
}


class Signature(AuthBase):
    """Signs the bytes that are sent: t=<unix seconds>,v1=<HMAC-SHA256 of time, full stop and body>."""

    def __init__(self, header, secret):
        self.header, self.secret = header, secret

    def __call__(self, request):
        body = request.body or b""
        if isinstance(body, str):
            body = body.encode()
        stamp = str(int(time.time()))
        mac = hmac.new(self.secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        request.headers[self.header] = f"t={stamp},v1={mac}"
        return request


def positive(case):
    return case.meta is None or case.meta.generation.mode.is_positive


@schemathesis.hook
def before_call(context, case, kwargs):
    operation = case.operation.definition.raw.get("operationId")
    if operation in SIGNED and not case.headers.get(SIGNED[operation][0]):
        kwargs["auth"] = Signature(*SIGNED[operation])
    if positive(case) and isinstance(case.body, dict):
        KNOWN.get(operation, lambda body, case: None)(case.body, case)


def known_order(body, case):
    for line, sku in zip(body["lines"], SKUS):
        line["sku"] = sku
    del body["lines"][len(SKUS) :]
    body["currency"] = "EUR"
    body["shipping"]["address"]["country"] = "GB"


def known_price(body, case):
    body["price"]["currency"] = "EUR"
    if case.path_parameters.get("sku") in SKUS:  # what orders are placed for stays for sale, at a price that can be charged
        body["price"]["amount"] %= 1000
        body["active"] = True


def known_region(body, case):
    body["target"] = "us-west-2"


def known_intent(body, case):
    body["data"]["object"] = {"id": "pi_fuzz", "metadata": {"order_id": "ord_abcdefghijklmnopqrstuvwxyz", "asked": "authentication"}}


def known_shipment(body, case):
    body["reference"] = "ord_abcdefghijklmnopqrstuvwxyz"


# What has a form in the document and a list in the shop.
KNOWN = {"placeOrder": known_order, "putProduct": known_price, "receiveStock": known_region,
         "takePaymentWebhook": known_intent, "takeCarrierWebhook": known_shipment}


@schemathesis.check
def undeclared_method_is_not_found(ctx, response, case):
    """Any method that the document does not name is answered like a path that it does not name."""
    declared = {method.upper() for method in case.operation.schema[case.operation.path]}
    if response.request.method not in declared:
        assert response.status_code == 404, f"{response.request.method} is not declared and answered {response.status_code}"
