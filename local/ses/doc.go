// Package ses is Simple Email Service of the local cloud: the v2 REST API under the signing
// name "ses".
//
// # What it guarantees
//
// SendEmail takes simple and raw content (docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html).
// A mail is kept, in the order in which it was accepted, with its region and sender; [Service.Mails] gives them all.
// A sender that is no identity of the region, neither as an address nor by its domain, is refused
// with MessageRejected. The call is authorized on the identity's ARN and on the configuration
// set's: ses:SendEmail, or ses:SendRawEmail for raw content. The journal names message id and
// identity only: no recipient, subject or body. With [Service.Keep] the mails outlive the process, as far as the journal would tell.
//
// # What it does not do
//
// Nothing leaves the machine. Every identity that a template declares counts as verified.
// Templates, lists, bounces, complaints and events are not run; asking for one is an error.
package ses
