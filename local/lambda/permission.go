package lambda

import (
	"fmt"
	"net/http"
	"path"
	"strings"

	"twofold/local/core"
)

// permission is one statement of a function's resource policy (AWS::Lambda::Permission).
type permission struct {
	id, action, service, sourceARN, sourceAccount string
	qualifier                                     string
}

// allows reports whether the statement lets the service act through the qualifier on
// behalf of the resource source.
func (p permission) allows(service, source, action, qualifier string) bool {
	return p.service == service && p.qualifier == qualifier &&
		(p.action == action || p.action == "lambda:*") &&
		(p.sourceARN == "" || like(p.sourceARN, source)) &&
		(p.sourceAccount == "" || p.sourceAccount == core.AccountID)
}

// like is ArnLike: * and ?, where * also crosses '/'.
func like(pattern, value string) bool {
	flat := func(s string) string { return strings.ReplaceAll(s, "/", "\x00") }
	ok, err := path.Match(flat(pattern), flat(value))
	return err == nil && ok
}

// authorize asks the role's policies, or for an AWS service the function's permissions.
func (s *Service) authorize(region string, p core.Principal, action string, t target) error {
	if p.Service == "" {
		return s.Cloud.Authorize(region, p, action, t.invokedARN)
	}
	if t.fn == nil {
		return nil
	}
	s.mu.Lock()
	allowed := false
	for _, st := range t.fn.permissions {
		allowed = allowed || st.allows(p.Service, p.Via, action, t.qualifier)
	}
	s.mu.Unlock()
	if allowed {
		return nil
	}
	s.Cloud.Journal.Add(core.Entry{Region: region, Kind: core.KindDenied, Subject: p.Service + " for " + p.Via, Detail: action + " on " + t.invokedARN})
	return &core.Error{Code: "AccessDeniedException", Status: http.StatusForbidden,
		Message: fmt.Sprintf("%s for %s is not authorized to perform: %s on resource: %s because no resource-based policy allows the %s action", p.Service, p.Via, action, t.invokedARN, action)}
}
