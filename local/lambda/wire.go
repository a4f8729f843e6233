package lambda

import (
	"context"
	"net/http"
	"strings"

	"twofold/local/core"
)

// Handle answers one call of the REST API. Errors are core.Error values with the codes of
// docs.aws.amazon.com/lambda/latest/api.
func (s *Service) Handle(ctx context.Context, call *core.Call) (*core.Reply, error) {
	parts := strings.Split(strings.Trim(call.Path, "/"), "/")
	for i := range parts {
		parts[i] = pathSegment(parts[i])
	}
	if len(parts) < 2 {
		return nil, core.NotRun("lambda", call.Method+" "+call.Path)
	}
	switch parts[1] {
	case "functions":
		return s.handleFunctions(ctx, call, parts[2:])
	case "event-source-mappings":
		return s.handleMappings(call, parts[2:])
	}
	return nil, core.NotRun("lambda", call.Method+" "+call.Path)
}

// route is a method and the part of a path after the function's name; further path
// elements, such as an alias's name, are left to the handler.
type route struct{ method, part string }

type functionOperation func(s *Service, call *core.Call, name, rest string) (any, error)

var functionOperations = map[route]functionOperation{
	{"GET", ""}:               (*Service).getFunction,
	{"GET", "configuration"}:  (*Service).getConfiguration,
	{"GET", "versions"}:       (*Service).listVersions,
	{"POST", "versions"}:      (*Service).publishVersion,
	{"GET", "aliases"}:        (*Service).getAliases,
	{"POST", "aliases"}:       (*Service).createAlias,
	{"PUT", "aliases"}:        (*Service).updateAlias,
	{"PUT", "concurrency"}:    (*Service).putConcurrency,
	{"GET", "concurrency"}:    (*Service).getConcurrency,
	{"DELETE", "concurrency"}: (*Service).deleteConcurrency,
}

func (s *Service) handleFunctions(ctx context.Context, call *core.Call, parts []string) (*core.Reply, error) {
	if len(parts) == 0 || parts[0] == "" {
		if call.Method != http.MethodGet {
			return nil, core.NotRun("lambda", call.Method+" "+call.Path)
		}
		return answer(s.listFunctions(call))
	}
	parts = append(parts, "", "")
	name, part, rest := parts[0], parts[1], parts[2]
	if call.Method == http.MethodPost && part == "invocations" {
		return s.invokeWire(ctx, call, name)
	}
	op := functionOperations[route{call.Method, part}]
	if op == nil {
		return nil, core.NotRun("lambda", call.Method+" "+call.Path)
	}
	return answer(op(s, call, name, rest))
}

// created is an answer with status 201, and nothing an answer with status 204.
type (
	created struct{ body any }
	nothing struct{}
)

func answer(body any, err error) (*core.Reply, error) {
	if err != nil {
		return nil, err
	}
	switch b := body.(type) {
	case created:
		return &core.Reply{Status: http.StatusCreated, Body: b.body}, nil
	case nothing:
		return &core.Reply{Status: http.StatusNoContent}, nil
	}
	return &core.Reply{Body: body}, nil
}

func (s *Service) listFunctions(call *core.Call) (any, error) {
	if err := call.Authorize("lambda:ListFunctions", "*"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []any{}
	for _, arn := range sortedKeys(s.functions) {
		if f := s.functions[arn]; f.region == call.Region {
			all = append(all, configuration(f.latest, f.arn))
		}
	}
	return map[string]any{"Functions": all}, nil
}

func (s *Service) getFunction(call *core.Call, name, _ string) (any, error) {
	t, err := s.open(call.Region, call.Principal, "lambda:GetFunction", name, call.Query.Get("Qualifier"))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]any{"Configuration": configuration(t.version, t.named()), "Code": map[string]any{"RepositoryType": "S3"}}
	if t.fn.reserved != nil {
		out["Concurrency"] = map[string]any{"ReservedConcurrentExecutions": *t.fn.reserved}
	}
	return out, nil
}

func (s *Service) getConfiguration(call *core.Call, name, _ string) (any, error) {
	t, err := s.open(call.Region, call.Principal, "lambda:GetFunctionConfiguration", name, call.Query.Get("Qualifier"))
	if err != nil {
		return nil, err
	}
	return configuration(t.version, t.named()), nil
}

// named is the ARN that configurations show: with the qualifier that was asked for.
func (t target) named() string { return t.invokedARN }

// configuration is a FunctionConfiguration of the API.
func configuration(v *Version, arn string) map[string]any {
	out := map[string]any{
		"FunctionName": v.Name, "FunctionArn": arn, "Runtime": v.Runtime, "Role": v.Role, "Handler": v.Handler,
		"Description": v.Description, "Timeout": int(v.Timeout.Seconds()), "MemorySize": v.MemoryMB, "Version": v.Number,
		"CodeSha256": v.codeValue, "CodeSize": 0, "LastModified": v.Modified.Format("2006-01-02T15:04:05.000+0000"),
		"Environment": map[string]any{"Variables": v.Environment}, "Architectures": []string{v.Architecture}, "PackageType": "Zip",
		"State": "Active", "LastUpdateStatus": "Successful", "RevisionId": stableUUID(v.ARN() + v.Modified.String()),
		"LoggingConfig": map[string]any{"LogGroup": v.LogGroup},
	}
	if v.Tracing != "" {
		out["TracingConfig"] = map[string]any{"Mode": v.Tracing}
	}
	if v.DeadLetter != "" {
		out["DeadLetterConfig"] = map[string]any{"TargetArn": v.DeadLetter}
	}
	return out
}

func (s *Service) listVersions(call *core.Call, name, _ string) (any, error) {
	t, err := s.open(call.Region, call.Principal, "lambda:ListVersionsByFunction", name, "")
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []any{configuration(t.fn.latest, t.fn.arn+":"+latest)}
	for _, v := range t.fn.versions {
		all = append(all, configuration(v, v.ARN()))
	}
	return map[string]any{"Versions": all}, nil
}

func (s *Service) publishVersion(call *core.Call, name, _ string) (any, error) {
	var in struct{ CodeSha256, Description, RevisionId string }
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	t, err := s.open(call.Region, call.Principal, "lambda:PublishVersion", name, "")
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v := t.fn.publish(in.Description)
	return created{configuration(v, v.ARN())}, nil
}

func (s *Service) putConcurrency(call *core.Call, name, _ string) (any, error) {
	var in struct{ ReservedConcurrentExecutions *core.Int }
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	t, err := s.open(call.Region, call.Principal, "lambda:PutFunctionConcurrency", name, "")
	if err != nil {
		return nil, err
	}
	if in.ReservedConcurrentExecutions == nil {
		return nil, invalidParameter("ReservedConcurrentExecutions is required.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]any{"ReservedConcurrentExecutions": *in.ReservedConcurrentExecutions}, s.reserve(t.fn, in.ReservedConcurrentExecutions)
}

func (s *Service) getConcurrency(call *core.Call, name, _ string) (any, error) {
	t, err := s.open(call.Region, call.Principal, "lambda:GetFunctionConcurrency", name, "")
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]any{}
	if t.fn.reserved != nil {
		out["ReservedConcurrentExecutions"] = *t.fn.reserved
	}
	return out, nil
}

func (s *Service) deleteConcurrency(call *core.Call, name, _ string) (any, error) {
	t, err := s.open(call.Region, call.Principal, "lambda:DeleteFunctionConcurrency", name, "")
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return nothing{}, s.reserve(t.fn, nil)
}
