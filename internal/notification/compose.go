package notification

import (
	_ "embed"
	"errors"
	html "html/template"
	"slices"
	"strings"
	text "text/template"

	"twofold/internal/fact"
)

// Mail is a mail without its recipient.
type Mail struct {
	Subject string
	Text    string
	HTML    string
}

//go:embed templates/mail.txt
var textSource string

//go:embed templates/mail.html
var htmlSource string

// composer makes mails. The two templates are the same for all kinds; what differs stands in the tables of wordings and reasons.
type composer struct {
	text *text.Template
	html *html.Template
}

func newComposer() (composer, error) {
	t, err := text.New("mail.txt").Parse(textSource)
	if err != nil {
		return composer{}, err
	}
	h, err := html.New("mail.html").Parse(htmlSource)
	return composer{text: t, html: h}, err
}

// compose writes the mail of a notice to a person of a name. A kind that is not mailed is an error.
func (c composer) compose(n Notice, name string) (Mail, error) {
	w, ok := wordings[n.Kind]
	if !ok {
		return Mail{}, errors.New("facts of kind " + string(n.Kind) + " are not mailed")
	}
	body := slices.Clone(w.body)
	if why := reasons[n.Reason]; n.Kind == fact.Rejected && why != "" {
		body = append(body, why)
	}
	data := struct {
		Subject, Name, OrderID string
		Body                   []string
	}{w.subject, name, n.OrderID, body}
	var plain, rich strings.Builder
	err := errors.Join(c.text.Execute(&plain, data), c.html.Execute(&rich, data))
	return Mail{Subject: w.subject, Text: plain.String(), HTML: rich.String()}, err
}
