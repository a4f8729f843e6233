package apigateway

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"twofold/local/core"
)

// template is text with variables. It is not VTL: gateway responses only substitute.
type template struct {
	parts []part
	json  bool // values stand inside JSON strings
}

type part struct{ text, variable string }

var variable = regexp.MustCompile(`\$(?:context|stageVariables|method\.request)(?:\.[A-Za-z0-9_-]+)+`)

func compileTemplate(text string, json bool) (template, error) {
	out := template{json: json}
	last := 0
	for _, at := range variable.FindAllStringIndex(text, -1) {
		name := text[at[0]+1 : at[1]]
		if !knownVariable(name) {
			return out, fmt.Errorf("the local cloud does not run $%s", name)
		}
		out.parts = append(out.parts, part{text: text[last:at[0]]}, part{variable: name})
		last = at[1]
	}
	out.parts = append(out.parts, part{text: text[last:]})
	for _, p := range out.parts {
		if i := strings.Index(p.text, "$"); i >= 0 {
			return out, fmt.Errorf("the local cloud does not run %q", p.text[i:])
		}
		if strings.Contains(p.text, "#set") || strings.Contains(p.text, "#if") || strings.Contains(p.text, "#foreach") {
			return out, fmt.Errorf("the local cloud does not run VTL")
		}
	}
	return out, nil
}

// compileMapping reads the value of a header: 'static', context.x or method.request.header.x.
func compileMapping(value string) (template, error) {
	if len(value) >= 2 && value[0] == '\'' && value[len(value)-1] == '\'' {
		return template{parts: []part{{text: value[1 : len(value)-1]}}}, nil
	}
	if !knownVariable(value) {
		return template{}, fmt.Errorf("%q is neither 'a static value' nor a variable that is run", value)
	}
	return template{parts: []part{{variable: value}}}, nil
}

func (t template) render(x *exchange, f *failure) string {
	var b strings.Builder
	for _, p := range t.parts {
		b.WriteString(p.text)
		if p.variable == "" {
			continue
		}
		value := lookup(x, f, p.variable)
		if t.json && p.variable != "context.error.messageString" {
			quoted := compact(value)
			value = quoted[1 : len(quoted)-1]
		}
		b.WriteString(value)
	}
	return b.String()
}

func knownVariable(name string) bool {
	for _, prefix := range []string{"context.authorizer.", "stageVariables.", "method.request.header.", "method.request.querystring.", "method.request.path."} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	short, _ := strings.CutPrefix(name, "context.")
	switch short {
	case "error.message", "error.messageString", "error.responseType", "error.validationErrorString", "requestId", "extendedRequestId",
		"apiId", "stage", "path", "resourcePath", "httpMethod", "requestTime", "requestTimeEpoch", "domainName", "accountId",
		"protocol", "identity.sourceIp", "identity.userAgent":
		return true
	}
	return false
}

// lookup gives a variable that knownVariable has accepted.
func lookup(x *exchange, f *failure, name string) string {
	kind, key, _ := strings.Cut(name, ".")
	switch kind {
	case "stageVariables":
		return x.stage.variables[key]
	case "method":
		return x.parameter(strings.TrimPrefix(key, "request."))
	}
	if auth, ok := strings.CutPrefix(key, "authorizer."); ok {
		if v, given := x.authorizer[auth]; given {
			return fmt.Sprint(v)
		}
		return ""
	}
	if short, ok := strings.CutPrefix(key, "error."); ok {
		return f.variable(short)
	}
	return x.variable(key)
}

func (f *failure) variable(name string) string {
	switch name {
	case "message":
		return f.message
	case "messageString":
		return compact(f.message)
	case "responseType":
		return string(f.kind)
	}
	return f.validation
}

func (x *exchange) variable(name string) string {
	switch name {
	case "requestId":
		return x.requestID
	case "extendedRequestId":
		return x.extendedID
	case "apiId":
		return x.stage.api.id
	case "stage":
		return x.stage.name
	case "path":
		return x.contextPath()
	case "resourcePath":
		return x.resourcePath()
	case "httpMethod":
		return x.r.Method
	case "requestTime":
		return x.at.Format(requestTime)
	case "requestTimeEpoch":
		return strconv.FormatInt(x.at.UnixMilli(), 10)
	case "domainName":
		return x.r.Host
	case "accountId":
		return core.AccountID
	case "protocol":
		return x.r.Proto
	case "identity.sourceIp":
		return x.sourceIP()
	}
	return x.r.UserAgent()
}

func (x *exchange) parameter(name string) string {
	in, key, _ := strings.Cut(name, ".")
	switch in {
	case "header":
		return x.r.Header.Get(key)
	case "querystring":
		return x.query.Get(key)
	}
	return x.params[key]
}
