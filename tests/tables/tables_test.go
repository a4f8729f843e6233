package tables_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"twofold/tests/tables"
)

const root = "../.."

// released are the released shapes, a copy for each caller.
func released(t *testing.T) (out map[string]tables.Shape) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, tables.Released))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	if len(out) < 7 {
		t.Fatalf("only %d tables were released", len(out))
	}
	return out
}

func TestAnUpdateFromWhatWasReleasedCanBeMadeInPlace(t *testing.T) {
	now, err := tables.Read(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range tables.Check(released(t), now) {
		t.Error(f)
	}
}

// kept are two shapes of which a test changes one.
func kept() map[string]tables.Shape {
	return map[string]tables.Shape{
		"orders": {Kind: "GlobalTable", Key: []string{"pk:S:HASH", "sk:S:RANGE"}, Stream: "NEW_AND_OLD_IMAGES", Expires: "expires", Indexes: map[string]tables.Index{
			"sweep": {Key: []string{"sweep:S:HASH"}, Projected: "KEYS_ONLY"}, "customer": {Key: []string{"customer:S:HASH"}, Projected: "KEYS_ONLY"}}},
		"stock": {Kind: "Table", Key: []string{"pk:S:HASH"}, LocalIndexes: map[string]tables.Index{"at": {Key: []string{"pk:S:HASH", "at:S:RANGE"}, Projected: "ALL"}}},
	}
}

func TestWhatCannotBeChangedInPlaceIsNamedWithTheWayOut(t *testing.T) {
	index := func(attribute string) tables.Index {
		return tables.Index{Key: []string{attribute + ":S:HASH"}, Projected: "KEYS_ONLY"}
	}
	for name, c := range map[string]struct {
		change func(s *tables.Shape)
		want   string // "" if it can be
	}{
		"the key":                 {func(s *tables.Shape) { s.Key = []string{"id:S:HASH"} }, "orders: its key was released as [pk:S:HASH sk:S:RANGE]: a table's key cannot be changed"},
		"a key's type":            {func(s *tables.Shape) { s.Key = []string{"pk:S:HASH", "sk:N:RANGE"} }, "Make a table with [pk:S:HASH sk:N:RANGE] under another name"},
		"the kind":                {func(s *tables.Shape) { s.Kind = "Table" }, "it was released as a GlobalTable"},
		"an index's key":          {func(s *tables.Shape) { s.Indexes["sweep"] = index("owed") }, "the index sweep was released as {[sweep:S:HASH] KEYS_ONLY []}: an index cannot be changed. Add a new one under another name"},
		"an index's projection":   {func(s *tables.Shape) { i := s.Indexes["sweep"]; i.Projected = "ALL"; s.Indexes["sweep"] = i }, "Add a new one under another name, and remove sweep in a later release"},
		"two indexes":             {func(s *tables.Shape) { s.Indexes["a"], s.Indexes["b"] = index("a"), index("b") }, "this release adds a, adds b: an update may add or remove one index"},
		"one against another":     {func(s *tables.Shape) { delete(s.Indexes, "sweep"); s.Indexes["owed"] = index("owed") }, "this release removes sweep, adds owed"},
		"the stream":              {func(s *tables.Shape) { s.Stream = "KEYS_ONLY" }, "would be another stream"},
		"by what items expire":    {func(s *tables.Shape) { s.Expires = "ends" }, `turn that off in one release, and expire by "ends" from the next`},
		"nothing":                 {func(*tables.Shape) {}, ""},
		"an index more":           {func(s *tables.Shape) { s.Indexes["a"] = index("a") }, ""},
		"an index less":           {func(s *tables.Shape) { delete(s.Indexes, "sweep") }, ""},
		"that items expire":       {func(s *tables.Shape) { s.Expires = "" }, ""},
		"no local indexes, empty": {func(s *tables.Shape) { s.LocalIndexes = map[string]tables.Index{} }, ""},
	} {
		now := kept()
		orders := now["orders"]
		c.change(&orders)
		now["orders"] = orders
		found := strings.Join(tables.Check(kept(), now), "\n")
		if c.want == "" && found != "" || !strings.Contains(found, c.want) {
			t.Errorf("%s: it says\n%s\nand not %q", name, found, c.want)
		}
	}
}

func TestATableThatIsGoneOrHasOtherLocalIndexesIsNamed(t *testing.T) {
	now := kept()
	delete(now, "orders")
	stock := now["stock"]
	stock.LocalIndexes = nil
	now["stock"] = stock
	found := strings.Join(tables.Check(kept(), now), "\n")
	for _, want := range []string{"orders: it was released and is gone", "stock: its local indexes were released as"} {
		if !strings.Contains(found, want) {
			t.Errorf("it says\n%s\nand not %q", found, want)
		}
	}
	now = kept()
	now["new"] = tables.Shape{Kind: "Table"}
	if found := tables.Check(kept(), now); len(found) > 0 {
		t.Errorf("a new table: %v", found)
	}
}
