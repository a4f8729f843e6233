package events

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestSchemasKeepWhatWasReleased(t *testing.T) {
	released, err := Schemas(repository(), ReleasedFolder)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range CheckCompatible(released, schemas(t, repository())) {
		t.Error(fault)
	}
}

// TestReleasedSamplesStillParse holds whatever the versions are: events of the last release are in archives and under way.
func TestReleasedSamplesStillParse(t *testing.T) {
	now := schemas(t, repository())
	for name, raw := range samples(t, repository(), ReleasedFolder+"/samples") {
		if goTypes[name] == nil {
			t.Errorf("%s was released and has no Go type", name)
			continue
		}
		lossless(t, name, raw)
		if err := now[name].Validate(raw); err != nil && now[name].Version == 1 {
			t.Errorf("a sample of the last release: %v", err)
		}
	}
}

const base = `{
  "$schema": "http://json-schema.org/draft-04/schema#",
  "x-amazon-events-source": "shop",
  "x-amazon-events-detail-type": "Sold",
  "x-twofold-version": 2,
  "type": "object",
  "required": ["detail"],
  "properties": {"detail": {"$ref": "#/definitions/Sold"}},
  "definitions": {"Sold": {"type": "object", "required": ["sku"], "properties": {
    "sku": {"type": "string", "pattern": "^[A-Z]+$"},
    "note": {"type": "string", "enum": ["a", "b"]}
  }}}
}`

func TestTheCompatibilityGate(t *testing.T) {
	for name, c := range map[string]struct {
		old, new string
		want     []string // nothing: compatible
	}{
		"the same":                    {"", "", nil},
		"a new field that may lack":   {`"note":`, `"extra": {"type": "string"}, "note":`, nil},
		"another description":         {`"pattern"`, `"description": "x", "pattern"`, nil},
		"a field that is gone":        {`"note": {"type": "string", "enum": ["a", "b"]}`, `"other": {"type": "string"}`, []string{"detail.note is gone"}},
		"a field of another type":     {`"sku": {"type": "string"`, `"sku": {"type": "integer"`, []string{"type of detail.sku is integer and was released as string"}},
		"a field with another form":   {`^[A-Z]+$`, `^[A-Z]{1,8}$`, []string{"pattern of detail.sku"}},
		"a field with fewer values":   {`["a", "b"]`, `["a"]`, []string{"enum of detail.note is [a] and was released as [a b]"}},
		"a field that became needed":  {`["sku"]`, `["sku", "note"]`, []string{"detail.note is newly required"}},
		"a field that may lack now":   {`"required": ["sku"], `, ``, []string{"detail.sku is not required any more"}},
		"a version that fell":         {`"x-twofold-version": 2`, `"x-twofold-version": 1`, []string{"the version is 1 and was released as 2"}},
		"an event that is gone":       {`"x-amazon-events-detail-type": "Sold"`, `"x-amazon-events-detail-type": "Sold"`, []string{"was released and events/schemas has it no more"}},
		"the envelope lost its field": {`"required": ["detail"],`, ``, []string{"detail is not required any more"}},
	} {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(base, c.old, c.new, 1)
			now := schemaOf(t, "now", changed)
			if strings.HasPrefix(name, "an event") {
				now = map[string]*Schema{}
			}
			got := strings.Join(CheckCompatible(schemaOf(t, "released", base), now), "\n")
			if c.want == nil && got != "" {
				t.Errorf("found %s", got)
			}
			for _, want := range c.want {
				if !strings.Contains(got, want) || !strings.Contains(got, "released/Sold.json:") {
					t.Errorf("%q and the released place are not in %q", want, got)
				}
			}
		})
	}
}

func TestARaisedVersionMayBreak(t *testing.T) {
	changed := strings.NewReplacer(`"x-twofold-version": 2`, `"x-twofold-version": 3`, `"sku": {"type": "string"`, `"sku": {"type": "integer"`).Replace(base)
	if got := CheckCompatible(schemaOf(t, "released", base), schemaOf(t, "now", changed)); len(got) > 0 {
		t.Errorf("found %v", got)
	}
}

func schemaOf(t *testing.T, folder, text string) map[string]*Schema {
	t.Helper()
	out, err := Schemas(fstest.MapFS{folder + "/Sold.json": {Data: []byte(text)}}, folder)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
