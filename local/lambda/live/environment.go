package live

import (
	"slices"
	"strconv"

	"twofold/local/lambda"
)

// environment is all that a process sees: what Lambda sets
// (docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html), the limits that package
// live adds, what the function's template sets, and what the world adds.
func environment(v *lambda.Version, api, root string, extra map[string]string) []string {
	set := map[string]string{
		"GOMAXPROCS": "1",
		"GOMEMLIMIT": strconv.Itoa(v.MemoryMB*9/10) + "MiB",
		"PATH":       "/usr/local/bin:/usr/bin:/bin:/opt/bin",
		"LANG":       "en_US.UTF-8",
		"TZ":         ":UTC",
	}
	for name, value := range v.Environment {
		set[name] = value
	}
	for name, value := range extra {
		set[name] = value
	}
	for name, value := range map[string]string{ // reserved: a function cannot set these
		"_HANDLER":                        v.Handler,
		"AWS_REGION":                      v.Region,
		"AWS_DEFAULT_REGION":              v.Region,
		"AWS_ACCESS_KEY_ID":               v.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY":           v.Secret,
		"AWS_SESSION_TOKEN":               "local",
		"AWS_LAMBDA_FUNCTION_NAME":        v.Name,
		"AWS_LAMBDA_FUNCTION_VERSION":     v.Number,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(v.MemoryMB),
		"AWS_LAMBDA_LOG_GROUP_NAME":       v.LogGroup,
		"AWS_LAMBDA_LOG_STREAM_NAME":      v.Modified.Format("2006/01/02") + "/[" + v.Number + "]local",
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"AWS_LAMBDA_RUNTIME_API":          api,
		"LAMBDA_TASK_ROOT":                root,
		"LAMBDA_RUNTIME_DIR":              root,
	} {
		set[name] = value
	}
	out := make([]string, 0, len(set))
	for name, value := range set {
		out = append(out, name+"="+value)
	}
	slices.Sort(out)
	return out
}
