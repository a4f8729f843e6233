package ses

import (
	"encoding/json"
	"net/http"
	"time"

	"twofold/local/core"
)

// entry is what is kept of a mail: no recipient, subject or body.
type entry struct {
	At        time.Time         `json:"at"`
	Region    string            `json:"region"`
	MessageID string            `json:"messageId"`
	Identity  string            `json:"identity"`
	Tags      map[string]string `json:"tags,omitempty"`
}

// Keep puts every mail into a log, as an entry (a line of JSON), before it is accepted; if that fails it is not. [Service.Load] takes the
// entries back.
func (s *Service) Keep(log func(entry []byte) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = log
}

// accept adds a mail to those that were sent.
func (s *Service) accept(m Mail) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.log != nil {
		if err := m.keep(s.log); err != nil {
			return &core.Error{Code: "InternalServiceErrorException", Message: "The mail could not be kept: " + err.Error(), Status: http.StatusInternalServerError}
		}
	}
	s.mails = append(s.mails, m)
	return nil
}

func (m Mail) keep(log func(entry []byte) error) error {
	line, err := json.Marshal(entry{m.At, m.Region, m.MessageID, m.Identity, m.Tags})
	if err != nil {
		return err
	}
	return log(line)
}

// Load takes one entry of an earlier run, in order, before the first mail of this one.
func (s *Service) Load(line []byte) error {
	var e entry
	if err := json.Unmarshal(line, &e); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, Mail{At: e.At, Region: e.Region, MessageID: e.MessageID, Identity: e.Identity, Tags: e.Tags})
	return nil
}

// Snapshot gives all mails as entries.
func (s *Service) Snapshot(add func(entry []byte) error) error {
	for _, m := range s.Mails() {
		if err := m.keep(add); err != nil {
			return err
		}
	}
	return nil
}
