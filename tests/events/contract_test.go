package events

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"twofold/internal/fact"
)

// goSide is what the Go code of a tree says.
type goSide struct {
	written map[string]map[string]string
	reads   []Read
}

func goSideOf(t *testing.T, fsys fs.FS) goSide {
	t.Helper()
	side := goSide{written: map[string]map[string]string{}}
	for _, service := range []string{"order", "inventory"} {
		attributes, err := Attributes(fsys, service)
		if err != nil {
			t.Fatal(err)
		}
		side.written["twofold."+service] = attributes
	}
	var err error
	if side.reads, err = Reads(fsys); err != nil {
		t.Fatal(err)
	}
	return side
}

// all runs every check over a tree.
func all(t *testing.T, fsys fs.FS, side goSide) []string {
	t.Helper()
	stacks, err := ReadStacks(fsys)
	if err != nil {
		return []string{err.Error()}
	}
	declared, err := Schemas(fsys, SchemaFolder)
	if err != nil {
		return []string{err.Error()}
	}
	var faults []string
	add := func(more []string, err error) {
		if err != nil {
			more = []string{err.Error()}
		}
		faults = append(faults, more...)
	}
	add(CheckRules(declared, stacks, samples(t, fsys, SampleFolder)))
	add(CheckPipes(declared, stacks, emitted(), side.written))
	add(CheckConsumers(stacks, side.reads))
	return faults
}

// emitted are the types that items can have.
func emitted() map[string][]string {
	orders := []string{}
	for _, k := range fact.Kinds() {
		orders = append(orders, k.DetailType())
	}
	return map[string][]string{"twofold.order": orders, "twofold.inventory": {"ProductChanged", "StockReceived", "StockRequested", "StockTransferred"}}
}

func TestRulesPipesAndConsumersFitTheSchemas(t *testing.T) {
	stacks, err := ReadStacks(repository())
	if err != nil {
		t.Fatal(err)
	}
	side, fields := goSideOf(t, repository()), 0
	for _, r := range side.reads {
		if r.Field != "" {
			fields++
		}
	}
	if len(stacks.rules) < 6 || len(stacks.pipes) < 3 || len(stacks.consumers) < 3 || fields < 15 {
		t.Fatalf("the checks saw %d rules, %d pipes, %d queues with consumers and %d fields that are read: they look at the wrong place", len(stacks.rules), len(stacks.pipes), len(stacks.consumers), fields)
	}
	for _, fault := range all(t, repository(), side) {
		t.Error(fault)
	}
}

// edited is the repository with one text in one file changed, or one file removed when old is "".
func edited(t *testing.T, file, old, new string) fs.FS {
	t.Helper()
	out := fstest.MapFS{}
	for _, pattern := range []string{"stacks/*.yaml", "events/schemas/*.json", "events/samples/*.json", "internal/*/*.go"} {
		files, err := fs.Glob(repository(), pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			raw, err := fs.ReadFile(repository(), f)
			if err != nil {
				t.Fatal(err)
			}
			out[f] = &fstest.MapFile{Data: raw}
		}
	}
	if old == "" {
		delete(out, file)
		return out
	}
	text := string(out[file].Data)
	if !strings.Contains(text, old) {
		t.Fatalf("%s has no %q: the fixture breaks nothing", file, old)
	}
	out[file] = &fstest.MapFile{Data: []byte(strings.Replace(text, old, new, 1))}
	return out
}

// TestABreachIsCaughtAndNamesBothSides breaks one thing at a time and wants a message that names every place in want.
func TestABreachIsCaughtAndNamesBothSides(t *testing.T) {
	whole := goSideOf(t, repository())
	for name, c := range map[string]struct {
		file, old, new string
		want           []string
	}{
		"a rule for an event that nobody has": {"stacks/saga.yaml", "OrderPlaced, OrderCancelRequested", "OrderPlacd, OrderCancelRequested",
			[]string{"stacks/saga.yaml:", "rule StartRule", "OrderPlacd", "events/schemas"}},
		"a rule on a field that the schema has not": {"stacks/saga.yaml", "home: [!Ref AWS::Region]", "hom: [!Ref AWS::Region]",
			[]string{"stacks/saga.yaml:", "can never match OrderPlaced", "events/schemas/OrderPlaced.json", "detail.hom"}},
		"a rule for a value that the schema forbids": {"stacks/saga.yaml", "home: [!Ref AWS::Region]", "home: [everywhere]",
			[]string{"stacks/saga.yaml:", "can never match OrderPlaced", "everywhere", "events/schemas/OrderPlaced.json:"}},
		"a rule for another source": {"stacks/orders.yaml", "source: [twofold.inventory]", "source: [twofold.order]",
			[]string{"stacks/orders.yaml:", "can never match ProductChanged", "events/schemas/ProductChanged.json:"}},
		"a rule for every event": {"stacks/orders.yaml", "detail-type: [ProductChanged]", "account: ['000000000000']",
			[]string{"stacks/orders.yaml:", "names no detail-type"}},
		"an input path that reads what is not there": {"stacks/saga.yaml", "$.detail.orderId", "$.detail.order",
			[]string{"stacks/saga.yaml:", "$.detail.order of OrderPlaced", "events/schemas/OrderPlaced.json:"}},
		"a template with a name that no path fills": {"stacks/saga.yaml", `"<cause>"`, `"<why>"`,
			[]string{"stacks/saga.yaml:", "<why>", "InputPathsMap"}},
		"a field renamed in a pipe's template": {"stacks/events.yaml", `"committedBy": "<`, `"committed": "<`,
			[]string{"stacks/events.yaml:", "sends committed,", "events/schemas/OrderConfirmed.json:", "has committedBy, which pipe"}},
		"a field renamed in a schema": {"events/schemas/StockReceived.json", `"quantity": {`, `"units": {`,
			[]string{"events/schemas/StockReceived.json:", "has units, which pipe ReceiptsPipe", "stacks/events.yaml:", "requires quantity"}},
		"an attribute renamed in a pipe's template": {"stacks/events.yaml", "NewImage.target.S", "NewImage.aim.S",
			[]string{"stacks/events.yaml:", "from the attribute aim", "internal/inventory"}},
		"an attribute renamed in the code that writes it": {"internal/inventory/catalogue.go", "`dynamodbav:\"title\"`", "`dynamodbav:\"name\"`",
			[]string{"stacks/events.yaml:", "pipe ProductsPipe", "from the attribute title", "internal/inventory"}},
		"a pipe of another source than the schema": {"stacks/events.yaml", "Source: twofold.inventory", "Source: twofold.stock",
			[]string{"stacks/events.yaml:", "as of twofold.stock", "events/schemas/ProductChanged.json:"}},
		"a pipe for an event without schema": {"stacks/events.yaml", "DetailType: ProductChanged", "DetailType: ProductRenamed",
			[]string{"stacks/events.yaml:", "ProductRenamed", "events/schemas/ProductChanged.json:", "no pipe in stacks sends ProductChanged"}},
		"an event of a pipe whose schema is gone": {"events/schemas/OrderRefunded.json", "", "",
			[]string{"stacks/events.yaml:", "pipe OrdersPipe sends OrderRefunded, of which events/schemas has no schema", "stacks/notifications.yaml:"}},
		"code that reads a field that no pipe sends": {"internal/event/event_gen.go", "CommittedBy string `json:\"committedBy\"`", "CommittedBy string `json:\"decidedBy\"`",
			[]string{"internal/", "reads decidedBy of Order", "which no pipe sends", "stacks/events.yaml:"}},
		"a rule without a reader in the code": {"stacks/inventory.yaml", "[OrderConfirmed]", "[OrderDelivered]",
			[]string{"stacks/inventory.yaml:", "sends OrderDelivered to inventory", "internal/inventory", "inventory reads OrderConfirmed, which no rule"}},
		"a schema that does not compile": {"events/schemas/OrderPlaced.json", `"type": "object",`, `"type": "thing",`,
			[]string{"events/schemas/OrderPlaced.json does not compile"}},
		"a schema of another draft": {"events/schemas/OrderPlaced.json", "draft-04", "draft-07",
			[]string{"events/schemas/OrderPlaced.json", "draft-04"}},
		"a schema without a version": {"events/schemas/OrderPlaced.json", `"x-twofold-version": 1,`, "",
			[]string{"events/schemas/OrderPlaced.json:", "x-twofold-version"}},
	} {
		t.Run(name, func(t *testing.T) {
			tree, side := edited(t, c.file, c.old, c.new), whole
			if strings.HasPrefix(c.file, "internal/") {
				side = goSideOf(t, tree)
			}
			got := strings.Join(all(t, tree, side), "\n")
			for _, want := range c.want {
				if !strings.Contains(got, want) {
					t.Errorf("%q is not in what was found:\n%s", want, got)
				}
			}
		})
	}
}
