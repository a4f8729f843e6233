package ses

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"twofold/local/core"
)

// Messages is what SES bills: one for every recipient of a mail.
const Messages core.Unit = "ses:Message"

// Mail is one mail that was accepted.
type Mail struct {
	At               time.Time
	Region           string
	Principal        core.Principal
	MessageID        string
	From             string // as given, display name and all
	Identity         string // the verified address or domain it was sent by
	To, CC, BCC      []string
	ReplyTo          []string
	Subject          string
	Text, HTML       string
	Raw              []byte // the whole message when the content was raw
	Tags             map[string]string
	ConfigurationSet string
}

// Service keeps the mails and identities of all regions. Build it with New; it is a core.Service.
type Service struct {
	cloud *core.Cloud

	mu         sync.Mutex
	identities map[string]bool // by region + "/" + address or domain, lower case
	sets       map[string]bool // by region + "/" + name
	mails      []Mail
	log        func(entry []byte) error // nil keeps nothing
}

// New makes a service that knows no identity.
func New(cloud *core.Cloud) *Service {
	return &Service{cloud: cloud, identities: map[string]bool{}, sets: map[string]bool{}}
}

// Mails are all mails so far, of all regions, in the order in which they were accepted.
func (s *Service) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

// Handle answers one call. Errors are core.Error values with the codes of the API reference.
func (s *Service) Handle(_ context.Context, call *core.Call) (*core.Reply, error) {
	if call.Method != http.MethodPost || call.Path != "/v2/email/outbound-emails" {
		return nil, core.NotRun("ses", call.Method+" "+call.Path)
	}
	id, err := s.sendEmail(call)
	if err != nil {
		return nil, err
	}
	return &core.Reply{Body: map[string]string{"MessageId": id}}, nil
}
