package notification

import (
	_ "embed"
	"errors"
	"html"
	"slices"
	"strings"

	"twofold/internal/fact"
)

// Mail is a mail without its recipient.
type Mail struct {
	Subject string
	Text    string
	HTML    string
}

// The two templates are the same for all kinds of mails; what differs stands in the tables of wordings and reasons. They are filled in by
// name and not by a template engine: an engine calls methods by name, which keeps the linker from dropping any that exist and doubles the
// size of the function.
//
//go:embed templates/mail.txt
var textTemplate string

//go:embed templates/mail.html
var htmlTemplate string

// compose writes the mail of a notice to a person of a name. A kind that is not mailed is an error.
func compose(n Notice, name string) (Mail, error) {
	w, ok := wordings[n.Kind]
	if !ok {
		return Mail{}, errors.New("facts of kind " + string(n.Kind) + " are not mailed")
	}
	body := slices.Clone(w.body)
	if why := reasons[n.Reason]; n.Kind == fact.Rejected && why != "" {
		body = append(body, why)
	}
	asIs := func(s string) string { return s }
	return Mail{
		Subject: w.subject,
		Text:    fill(textTemplate, asIs, "", "\n\n", w.subject, name, n.OrderID, body),
		HTML:    fill(htmlTemplate, html.EscapeString, "<p>", "</p>\n", w.subject, name, n.OrderID, body),
	}, nil
}

// fill puts values into a template, escaped. All of them in one pass: what looks like a place in a value stays as it is. html.EscapeString
// is right because the HTML template has places between tags only, never inside a tag, an address, a style or a script.
func fill(template string, escape func(string) string, begin, end, subject, name, orderID string, body []string) string {
	var paragraphs strings.Builder
	for _, p := range body {
		paragraphs.WriteString(begin + escape(p) + end)
	}
	return strings.NewReplacer("{subject}", escape(subject), "{name}", escape(name), "{order}", escape(orderID), "{body}", paragraphs.String()).Replace(template)
}
