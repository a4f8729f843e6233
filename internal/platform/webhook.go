package platform

import (
	"net/http"
	"regexp"
)

var providerID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)

// ProviderID reports whether an id is like those that the payment provider and the carrier give: fit to be a part of a key.
func ProviderID(id string) bool { return providerID.MatchString(id) }

// WebhookReceived is the body of the answer to a webhook that was understood.
type WebhookReceived struct {
	Stored bool `json:"stored"` // false for what changes nothing here
}

// WebhookIgnored answers an event that is of no interest, so that it is not sent again.
func WebhookIgnored() Response { return Response{Status: http.StatusOK, Body: WebhookReceived{}} }

// WebhookStored answers an event that was given to the order service. It is 200 only when the event is stored, or need not be (then
// there is no durability); everything else makes the sender send it again. An order that this region does not know yet
// is on its way from the other region: that is a Conflict, and no fault of the service that an alarm should count.
func WebhookStored(d Durability, err error) (Response, error) {
	switch {
	case CodeOf(err) == NotFound:
		return Response{}, &Error{Code: Conflict, Detail: "this region does not know the order yet: send the event again", Cause: err}
	case err != nil:
		return Response{}, err
	case d == "":
		return WebhookIgnored(), nil
	}
	return Response{Status: http.StatusOK, Header: map[string]string{DurabilityHeader: string(d)}, Body: WebhookReceived{Stored: true}}, nil
}
