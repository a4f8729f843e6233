package lambda

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"twofold/local/core"
)

type functionProperties struct {
	FunctionName, Role, Handler, Runtime, PackageType, Description string
	Code                                                           json.RawMessage
	Architectures                                                  []string
	MemorySize, Timeout                                            *core.Int
	ReservedConcurrentExecutions                                   *core.Int
	Environment                                                    struct{ Variables map[string]scalar }
	LoggingConfig                                                  struct{ LogGroup, LogFormat, ApplicationLogLevel, SystemLogLevel string }
	TracingConfig                                                  struct{ Mode string }
	DeadLetterConfig                                               struct{ TargetArn string }
	Layers                                                         []json.RawMessage
}

// scalar is text that a template may give as a number or truth value.
type scalar string

func (v *scalar) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil {
		*v = scalar(text)
		return nil
	}
	if len(b) > 0 && strings.ContainsRune(`[{n`, rune(b[0])) {
		return fmt.Errorf("%s is not a string", b)
	}
	*v = scalar(b)
	return nil
}

func (s *Service) provisionFunction(r core.Resource) (core.Physical, error) {
	var p functionProperties
	err := r.Decode(&p, "Tags", "EphemeralStorage", "KmsKeyArn", "SnapStart", "RuntimeManagementConfig", "RecursiveLoop", "CodeSigningConfigArn")
	if err != nil {
		return core.Physical{}, err
	}
	if p.FunctionName == "" {
		p.FunctionName = r.PhysicalName()
	}
	v, err := s.newVersion(r, p)
	if err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	if err := s.setFunction(v, p.ReservedConcurrentExecutions); err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	return core.Physical{Ref: v.Name, Attrs: map[string]any{"Arn": v.FunctionARN}}, nil
}

var functionName = regexp.MustCompile(`^[a-zA-Z0-9-_]{1,64}$`)

// newVersion makes what becomes $LATEST.
func (s *Service) newVersion(r core.Resource, p functionProperties) (*Version, error) {
	v := &Version{Region: r.Region, Name: p.FunctionName, Number: latest, Role: p.Role, Handler: p.Handler, Runtime: p.Runtime,
		Description: p.Description, Architecture: "x86_64", MemoryMB: 128, Timeout: 3 * time.Second, Environment: map[string]string{},
		FunctionARN: core.ARN("lambda", r.Region, "function:"+p.FunctionName), LogGroup: p.LoggingConfig.LogGroup,
		Tracing: p.TracingConfig.Mode, DeadLetter: p.DeadLetterConfig.TargetArn, Resource: r, Modified: s.Cloud.Now()}
	if len(p.Architectures) > 0 {
		v.Architecture = p.Architectures[0]
	}
	if p.MemorySize != nil {
		v.MemoryMB = int(*p.MemorySize)
	}
	if p.Timeout != nil {
		v.Timeout = time.Duration(*p.Timeout) * time.Second
	}
	if v.LogGroup == "" {
		v.LogGroup = "/aws/lambda/" + v.Name
	}
	for name, value := range p.Environment.Variables {
		v.Environment[name] = string(value)
	}
	sum := sha256.Sum256(p.Code)
	v.codeValue = base64.StdEncoding.EncodeToString(sum[:])
	v.Principal = core.Principal{RoleARN: v.Role, Via: v.Name, Region: v.Region}
	return v, p.check(v)
}

func (p functionProperties) check(v *Version) error {
	switch {
	case !functionName.MatchString(v.Name):
		return fmt.Errorf("the FunctionName %q must be 1 to 64 letters, digits, hyphens and underscores", v.Name)
	case v.Role == "":
		return errors.New("the Role is required")
	case p.PackageType != "" && p.PackageType != "Zip":
		return core.NotRun("lambda", "PackageType "+p.PackageType)
	case !strings.HasPrefix(p.Runtime, "provided"):
		return core.NotRun("lambda", "the runtime "+p.Runtime)
	case len(p.Layers) > 0:
		return core.NotRun("lambda", "layers")
	case v.MemoryMB < 128 || v.MemoryMB > 10240:
		return fmt.Errorf("the MemorySize must be 128 to 10240")
	case v.Timeout < time.Second || v.Timeout > 15*time.Minute:
		return fmt.Errorf("the Timeout must be 1 to 900")
	}
	return nil
}

// setFunction puts a version in place as $LATEST of a new or known function.
func (s *Service) setFunction(v *Version, reserved *core.Int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.functions[v.FunctionARN]
	if f == nil {
		f = &function{region: v.Region, name: v.Name, arn: v.FunctionARN, byLogical: map[string]*Version{}, aliases: map[string]*alias{},
			permissions: map[string]permission{}, invokeConfigs: map[string]invokeConfig{}}
	}
	if f.latest != nil {
		v.revision = f.latest.revision + 1
	}
	if err := s.reserve(f, reserved); err != nil {
		return err
	}
	if old := f.latest; old != nil && old.Role == v.Role {
		v.AccessKeyID, v.Secret = old.AccessKeyID, old.Secret
	} else {
		v.AccessKeyID, v.Secret = s.Cloud.Credentials(v.Principal)
	}
	f.latest = v
	s.functions[v.FunctionARN] = f
	return nil
}

// reserve sets or (nil) clears a function's reservation; the caller holds the mutex.
func (s *Service) reserve(f *function, n *core.Int) error {
	was := f.reserved
	f.reserved = nil
	if n == nil {
		return nil
	}
	left := s.unreserved(f.region) - int(*n)
	if *n < 0 || left < minUnreserved {
		f.reserved = was
		return invalidParameter("Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [%d].", minUnreserved)
	}
	value := int(*n)
	f.reserved = &value
	return nil
}

// stableUUID is the same for the same name in every run.
func stableUUID(name string) string {
	sum := sha256.Sum256([]byte(name))
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:32]
}
