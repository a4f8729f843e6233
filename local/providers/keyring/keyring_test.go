package keyring

import "testing"

func TestKeysAreGoodFromTheirAddingToTheirEnd(t *testing.T) {
	r := New("old")
	r.AddKey("new")
	if !r.Good("old") || !r.Good("new") || r.Good("") {
		t.Error("beside each other")
	}
	if r.EndKey("old"); r.Good("old") || !r.Good("new") {
		t.Error("after the old one's end")
	}
}
