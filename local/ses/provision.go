package ses

import (
	"context"
	"strings"

	"twofold/local/core"
)

// Provision creates an AWS::SES::EmailIdentity (Ref: the address or domain, verified at once) or an
// AWS::SES::ConfigurationSet (Ref: its name).
func (s *Service) Provision(_ context.Context, r core.Resource) (core.Physical, error) {
	switch r.Type {
	case "AWS::SES::EmailIdentity":
		return s.provisionIdentity(r)
	case "AWS::SES::ConfigurationSet":
		return s.provisionSet(r)
	}
	return core.Physical{}, r.Errorf("the local cloud does not run this type")
}

func (s *Service) provisionIdentity(r core.Resource) (core.Physical, error) {
	var p struct{ EmailIdentity string }
	err := r.Decode(&p, "DkimAttributes", "DkimSigningAttributes", "FeedbackAttributes", "MailFromAttributes", "ConfigurationSetAttributes", "Tags")
	if err != nil {
		return core.Physical{}, err
	}
	if p.EmailIdentity == "" {
		return core.Physical{}, r.Errorf("EmailIdentity is required")
	}
	s.mu.Lock()
	s.identities[r.Region+"/"+strings.ToLower(p.EmailIdentity)] = true
	s.mu.Unlock()
	return core.Physical{Ref: p.EmailIdentity, Attrs: map[string]any{"EmailIdentity": p.EmailIdentity}}, nil
}

func (s *Service) provisionSet(r core.Resource) (core.Physical, error) {
	var p struct{ Name string }
	err := r.Decode(&p, "DeliveryOptions", "ReputationOptions", "SendingOptions", "SuppressionOptions", "TrackingOptions", "VdmOptions", "ArchivingOptions", "Tags")
	if err != nil {
		return core.Physical{}, err
	}
	if p.Name == "" {
		p.Name = r.PhysicalName()
	}
	s.mu.Lock()
	s.sets[r.Region+"/"+p.Name] = true
	s.mu.Unlock()
	return core.Physical{Ref: p.Name, Attrs: map[string]any{}}, nil
}
