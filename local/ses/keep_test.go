package ses

import (
	"errors"
	"strings"
	"testing"

	"twofold/local/core"
)

func TestMailsOutliveTheProcessWithoutTheShopper(t *testing.T) {
	faults := core.NewFaults(0)
	cloud := core.New(core.NewLive(faults), faults, 1)
	var log []string
	keep := func(e []byte) error { log = append(log, string(e)); return nil }
	first := New(cloud)
	first.Keep(keep)
	if err := first.accept(Mail{Region: "us-east-1", MessageID: "01-a", To: []string{"ada@shop.example"}, Subject: "Ada", Tags: map[string]string{"order": "ord_a", "kind": "confirmed"}}); err != nil {
		t.Fatal(err)
	}
	first.Keep(func([]byte) error { return errors.New("no space left") })
	if err := first.accept(Mail{MessageID: "01-b"}); err == nil || len(first.Mails()) != 1 {
		t.Errorf("a mail that cannot be kept: %v, %d mails", err, len(first.Mails()))
	}
	if all := strings.Join(log, ""); strings.Contains(strings.ToLower(all), "ada") {
		t.Errorf("kept: %s", all)
	}
	second := New(cloud)
	for _, e := range log {
		if err := second.Load([]byte(e)); err != nil {
			t.Fatal(err)
		}
	}
	log = nil
	if err := second.Snapshot(keep); err != nil || len(log) != 1 {
		t.Errorf("%v %v", log, err)
	}
	if m := second.Mails(); len(m) != 1 || m[0].MessageID != "01-a" || m[0].Tags["order"] != "ord_a" || m[0].Region != "us-east-1" {
		t.Errorf("mails %+v", m)
	}
}
