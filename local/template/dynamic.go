package template

import (
	"context"
	"fmt"
	"regexp"
	"strings"
)

// dynamicReference is {{resolve:service:reference}}.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html.
var dynamicReference = regexp.MustCompile(`\{\{resolve:([a-z-]+):([^{}]+)\}\}`)

// references replaces the dynamic references in a resolved value.
func (r *run) references(ctx context.Context, v any) (any, error) {
	var err error
	switch v := v.(type) {
	case map[string]any:
		for _, k := range sortedKeys(v) {
			if v[k], err = r.references(ctx, v[k]); err != nil {
				return nil, err
			}
		}
	case []any:
		for i := range v {
			if v[i], err = r.references(ctx, v[i]); err != nil {
				return nil, err
			}
		}
	case string:
		if strings.Contains(v, "{{resolve:") {
			return r.dereference(ctx, v)
		}
	}
	return v, nil
}

func (r *run) dereference(ctx context.Context, text string) (string, error) {
	var failed error
	out := dynamicReference.ReplaceAllStringFunc(text, func(ref string) string {
		m := dynamicReference.FindStringSubmatch(ref)
		if r.dynamic == nil {
			failed = fmt.Errorf("the dynamic reference %s is not run here", ref)
			return ""
		}
		v, err := r.dynamic(ctx, r.region, m[1], m[2])
		if err != nil {
			failed = fmt.Errorf("%s: %w", ref, err)
		}
		return v
	})
	return out, failed
}
