package ses

import (
	"bytes"
	"net/mail"
	"strings"

	"twofold/local/core"
)

type sendRequest struct {
	FromEmailAddress     string
	Destination          destination
	ReplyToAddresses     []string
	ConfigurationSetName string
	EmailTags            []struct{ Name, Value string }
	Content              content

	// Not run; kept as raw values so that asking for one is an error.
	ListManagementOptions, ConfigurationOverrides any
	EndpointId, TenantName                        string
}

type destination struct {
	ToAddresses, CcAddresses, BccAddresses []string
}

type content struct {
	Simple *struct {
		Subject part
		Body    struct{ Text, Html part }
		Headers []struct{ Name, Value string }
	}
	Raw      *struct{ Data []byte }
	Template any
}

type part struct{ Data, Charset string }

const (
	maxRecipients = 50
	maxRaw        = 40 << 20
)

func (s *Service) sendEmail(call *core.Call) (string, error) {
	var in sendRequest
	if err := call.Decode(&in); err != nil {
		return "", err
	}
	if err := in.supported(); err != nil {
		return "", err
	}
	m, err := in.mail()
	if err != nil {
		return "", err
	}
	recipients := append(append(append([]string{}, m.To...), m.CC...), m.BCC...)
	if err := checkRecipients(recipients); err != nil {
		return "", err
	}
	if err := s.authorize(call, &m, recipients); err != nil {
		return "", err
	}
	m.At, m.Region, m.Principal = s.cloud.Now(), call.Region, call.Principal
	m.MessageID = "01" + strings.ReplaceAll(s.cloud.Rand.UUID(), "-", "")[:14] + "-" + s.cloud.Rand.UUID() + "-000000"
	if err := s.accept(m); err != nil {
		return "", err
	}
	s.cloud.Meter.Add(call.Region, Messages, float64(len(recipients)))
	s.cloud.Journal.Add(core.Entry{Region: call.Region, Kind: core.KindMail, Subject: m.Identity, Detail: m.MessageID})
	return m.MessageID, nil
}

func (in *sendRequest) supported() error {
	switch {
	case in.Content.Template != nil:
		return core.NotRun("ses", "template content")
	case in.ListManagementOptions != nil, in.ConfigurationOverrides != nil, in.EndpointId != "", in.TenantName != "":
		return core.NotRun("ses", "lists, overrides, endpoints and tenants")
	case (in.Content.Simple == nil) == (in.Content.Raw == nil):
		return core.Errorf("BadRequestException", "Specify exactly one of simple, raw and template content.")
	case in.Content.Simple != nil && in.Content.Simple.Body.Text.Data == "" && in.Content.Simple.Body.Html.Data == "":
		return core.Errorf("BadRequestException", "The body of the message has neither text nor HTML.")
	}
	return nil
}

// mail reads the request; of raw content, the headers fill what the request leaves open, as
// SES does.
func (in *sendRequest) mail() (Mail, error) {
	d := in.Destination
	m := Mail{From: in.FromEmailAddress, To: d.ToAddresses, CC: d.CcAddresses, BCC: d.BccAddresses,
		ReplyTo: in.ReplyToAddresses, ConfigurationSet: in.ConfigurationSetName, Tags: map[string]string{}}
	for _, tag := range in.EmailTags {
		m.Tags[tag.Name] = tag.Value
	}
	if simple := in.Content.Simple; simple != nil {
		m.Subject, m.Text, m.HTML = simple.Subject.Data, simple.Body.Text.Data, simple.Body.Html.Data
		return m, nil
	}
	m.Raw = in.Content.Raw.Data
	if len(m.Raw) > maxRaw {
		return m, core.Errorf("BadRequestException", "The message is longer than %d bytes.", maxRaw)
	}
	return m, m.readHeaders()
}

func (m *Mail) readHeaders() error {
	msg, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		return core.Errorf("BadRequestException", "The raw message cannot be read: %v", err)
	}
	m.Subject = msg.Header.Get("Subject")
	if m.From == "" {
		m.From = msg.Header.Get("From")
	}
	if len(m.To)+len(m.CC)+len(m.BCC) > 0 {
		return nil
	}
	for header, list := range map[string]*[]string{"To": &m.To, "Cc": &m.CC, "Bcc": &m.BCC} {
		if msg.Header.Get(header) == "" {
			continue
		}
		addresses, err := msg.Header.AddressList(header)
		if err != nil {
			return core.Errorf("BadRequestException", "The header %s cannot be read: %v", header, err)
		}
		for _, a := range addresses {
			*list = append(*list, a.Address)
		}
	}
	return nil
}

func checkRecipients(all []string) error {
	if len(all) == 0 {
		return core.Errorf("BadRequestException", "At least one recipient is required.")
	}
	if len(all) > maxRecipients {
		return core.Errorf("BadRequestException", "Recipient count exceeds %d.", maxRecipients)
	}
	for _, a := range all {
		if _, err := mail.ParseAddress(a); err != nil {
			return core.Errorf("BadRequestException", "Missing final '@domain'")
		}
	}
	return nil
}

// authorize finds the identity of the sender and asks whether the caller may use it. An
// identity that is not there is authorized by the address's ARN before it is refused.
func (s *Service) authorize(call *core.Call, m *Mail, recipients []string) error {
	from, err := mail.ParseAddress(m.From)
	if err != nil {
		return core.Errorf("BadRequestException", "Missing final '@domain'")
	}
	identity, verified := s.identity(call.Region, from.Address)
	action := "ses:SendEmail"
	if m.Raw != nil {
		action = "ses:SendRawEmail"
	}
	keys := []core.ConditionKey{{Name: "ses:FromAddress", Values: []string{from.Address}}, {Name: "ses:Recipients", Values: recipients}}
	if err := call.Authorize(action, core.ARN("ses", call.Region, "identity/"+identity), keys...); err != nil {
		return err
	}
	if err := s.authorizeSet(call, action, m.ConfigurationSet, keys); err != nil {
		return err
	}
	if !verified {
		return core.Errorf("MessageRejected", "Email address is not verified. The following identities failed the check in region %s: %s",
			strings.ToUpper(call.Region), m.From)
	}
	m.Identity = identity
	return nil
}

func (s *Service) authorizeSet(call *core.Call, action, set string, keys []core.ConditionKey) error {
	if set == "" {
		return nil
	}
	if err := call.Authorize(action, core.ARN("ses", call.Region, "configuration-set/"+set), keys...); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.sets[call.Region+"/"+set] {
		return core.Errorf("NotFoundException", "Configuration set <%s> does not exist.", set)
	}
	return nil
}

// identity is the verified address, or else the verified domain or parent domain, of an address.
func (s *Service) identity(region, address string) (name string, verified bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	address = strings.ToLower(address)
	if s.identities[region+"/"+address] {
		return address, true
	}
	_, domain, _ := strings.Cut(address, "@")
	for domain != "" {
		if s.identities[region+"/"+domain] {
			return domain, true
		}
		_, domain, _ = strings.Cut(domain, ".")
	}
	return address, false
}
