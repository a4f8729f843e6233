package lambda

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"twofold/local/core"
)

// function is all there is of one function; the service's mutex guards it.
type function struct {
	region, name, arn string
	latest            *Version
	versions          []*Version // published, by number
	byLogical         map[string]*Version
	aliases           map[string]*alias
	permissions       map[string]permission // by statement id
	invokeConfigs     map[string]invokeConfig
	reserved          *int // ReservedConcurrentExecutions
	running           int
}

// alias is a name for a version, and perhaps for a share of another.
type alias struct {
	name, version, description string
	weights                    map[string]float64 // version -> share of 1
}

// invokeConfig is an AWS::Lambda::EventInvokeConfig.
type invokeConfig struct {
	retries   int
	maxAge    time.Duration
	onSuccess string
	onFailure string
}

func defaultInvokeConfig() invokeConfig { return invokeConfig{retries: 2, maxAge: 6 * time.Hour} }

// target is what an invocation goes to: the function, the version that runs and the ARN that the caller named.
type target struct {
	fn         *function
	version    *Version
	qualifier  string
	invokedARN string
}

func notFound(format string, args ...any) error {
	return &core.Error{Code: "ResourceNotFoundException", Status: http.StatusNotFound, Message: fmt.Sprintf(format, args...), Fields: map[string]any{"Type": "User"}}
}

func invalidParameter(format string, args ...any) error {
	return &core.Error{Code: "InvalidParameterValueException", Status: http.StatusBadRequest, Message: fmt.Sprintf(format, args...), Fields: map[string]any{"Type": "User"}}
}

var reference = regexp.MustCompile(`^(?:arn:aws:lambda:([a-z0-9-]+):)?(?:(\d{12}):(?:function:)?|function:)?([a-zA-Z0-9-_]+)(?::(\$LATEST|[a-zA-Z0-9-_]+))?$`)

// parseName reads a name, partial ARN or ARN, each with or without a qualifier, into the
// function's ARN and the qualifier.
func parseName(region, name, qualifier string) (arn, q string, err error) {
	m := reference.FindStringSubmatch(name)
	if m == nil {
		return "", "", invalidParameter("1 validation error detected: Value '%s' at 'functionName' failed to satisfy constraint", name)
	}
	if m[1] != "" && m[1] != region {
		return "", "", notFound("Functions from '%s' are not reachable in this region ('%s')", m[1], region)
	}
	q = m[4]
	if qualifier != "" && q != "" && q != qualifier {
		return "", "", invalidParameter("The derived qualifier from the function name does not match the specified qualifier.")
	}
	if qualifier != "" {
		q = qualifier
	}
	return core.ARN("lambda", region, "function:"+m[3]), q, nil
}

// resolve finds what an invocation goes to; an alias with weights draws the version.
func (s *Service) resolve(region, name, qualifier string) (target, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := callName{region, name, qualifier}
	t, known := s.named[asked]
	if !known {
		arn, q, err := parseName(region, name, qualifier)
		if err != nil {
			return target{}, err
		}
		t = target{fn: s.functions[arn], qualifier: q, invokedARN: arn}
		if q != "" {
			t.invokedARN += ":" + q
		}
		if t.fn == nil {
			return t, notFound("Function not found: %s", t.invokedARN)
		}
		s.named[asked] = t
	}
	q, number := t.qualifier, t.qualifier
	if a := t.fn.aliases[q]; a != nil {
		number = a.draw(s.Cloud.Rand)
	}
	if t.version = t.fn.version(number); t.version == nil {
		return t, notFound("Function not found: %s", t.invokedARN)
	}
	return t, nil
}

// version finds a version by number; the caller holds the service's mutex.
func (f *function) version(number string) *Version {
	if number == "" || number == latest {
		return f.latest
	}
	i := slices.IndexFunc(f.versions, func(v *Version) bool { return v.Number == number })
	if i < 0 {
		return nil
	}
	return f.versions[i]
}

// draw picks a version by the alias's weights; what they leave of 1 is the main version's.
func (a *alias) draw(rand *core.Rand) string {
	if len(a.weights) == 0 {
		return a.version
	}
	x := rand.Float64()
	for _, number := range sortedKeys(a.weights) {
		if x -= a.weights[number]; x < 0 {
			return number
		}
	}
	return a.version
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// publish makes $LATEST a numbered version, unless it is the last one published, as
// PublishVersion does; the caller holds the service's mutex.
func (f *function) publish(description string) *Version {
	if n := len(f.versions); n > 0 && f.versions[n-1].revision == f.latest.revision {
		return f.versions[n-1]
	}
	v := *f.latest
	v.Number = strconv.Itoa(len(f.versions) + 1)
	if description != "" {
		v.Description = description
	}
	f.versions = append(f.versions, &v)
	return &v
}

func (f *function) checkAlias(a *alias) error {
	if !aliasName.MatchString(a.name) || strings.Trim(a.name, "0123456789") == "" {
		return invalidParameter("The alias name %q is not valid.", a.name)
	}
	if f.version(a.version) == nil {
		return notFound("Function not found: %s:%s", f.arn, a.version)
	}
	total := 0.0
	for number, share := range a.weights {
		if f.version(number) == nil || number == latest || a.version == latest {
			return invalidParameter("Invalid function version %s for the routing of alias %s.", number, a.name)
		}
		total += share
	}
	if len(a.weights) > 1 || total < 0 || total > 1 {
		return invalidParameter("The routing of alias %s needs one further version with a weight between 0 and 1.", a.name)
	}
	return nil
}

var aliasName = regexp.MustCompile(`^[a-zA-Z0-9-_]{1,128}$`)

// invokeConfig is what governs asynchronous invocations through a qualifier.
func (s *Service) invokeConfig(t target) invokeConfig {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := t.qualifier
	if q == "" {
		q = latest
	}
	if c, ok := t.fn.invokeConfigs[q]; ok {
		return c
	}
	return defaultInvokeConfig()
}
