package world

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"twofold/local/core"
)

// notes is a part of the world: it keeps lines.
type notes struct{ lines []string }

func (n *notes) Load(entry []byte) error {
	if string(entry) == "unknown" {
		return errors.New("what is that?")
	}
	n.lines = append(n.lines, string(entry))
	return nil
}

func (n *notes) Snapshot(add func(entry []byte) error) error {
	for _, l := range n.lines {
		if err := add([]byte(l)); err != nil {
			return err
		}
	}
	return nil
}

// reopen starts from a folder as the next process does.
func reopen(t *testing.T, dir string) (*data, *notes, *core.Journal, error) {
	t.Helper()
	d, err := openData(dir)
	if err != nil {
		return nil, nil, nil, err
	}
	t.Cleanup(func() { _ = d.close() }) // closed already, if the test did so
	n, journal := &notes{}, core.NewJournal(time.Now)
	journal.Keep(KindData)
	return d, n, journal, d.restore("notes", n, journal)
}

// written is a folder in which entries were kept by a process that was killed then.
func written(t *testing.T, entries ...string) string {
	t.Helper()
	dir := t.TempDir()
	d, _, _, err := reopen(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	log := d.log("notes")
	for _, e := range entries {
		if err := log([]byte(e)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// change replaces the bytes of the file.
func change(t *testing.T, dir string, f func(raw string) string) {
	t.Helper()
	path := filepath.Join(dir, "notes.log")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(f(string(raw))), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestEntriesAreThereAfterARestartAndAnother(t *testing.T) {
	dir := written(t, "one", "", "three")
	for range 2 {
		d, n, journal, err := reopen(t, dir)
		if err != nil || !slices.Equal(n.lines, []string{"one", "", "three"}) || journal.Count(KindData) != 0 {
			t.Fatalf("%q %v", n.lines, err)
		}
		if err := d.close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestATornLastLineIsCutOffAndSaid(t *testing.T) {
	whole := written(t, "one", "two")
	raw, err := os.ReadFile(filepath.Join(whole, "notes.log"))
	if err != nil {
		t.Fatal(err)
	}
	last := strings.LastIndex(strings.TrimSuffix(string(raw), "\n"), "\n") + 1
	for end := last + 1; end < len(raw); end++ { // killed after any byte of it
		dir := written(t)
		change(t, dir, func(string) string { return string(raw[:end]) })
		d, n, journal, err := reopen(t, dir)
		if err != nil || !slices.Equal(n.lines, []string{"one"}) {
			t.Fatalf("cut at %d: %q %v", end, n.lines, err)
		}
		if said := journal.Entries(KindData); len(said) != 1 || !strings.Contains(said[0].Detail, "cut off its last") || !strings.HasSuffix(said[0].Subject, "notes.log") {
			t.Fatalf("cut at %d: the journal says %v", end, said)
		}
		if err := errors.Join(d.log("notes")([]byte("three")), d.close()); err != nil {
			t.Fatal(err)
		}
		if _, n, _, err := reopen(t, dir); err != nil || !slices.Equal(n.lines, []string{"one", "three"}) {
			t.Fatalf("cut at %d, then written: %q %v", end, n.lines, err)
		}
	}
}

func TestADamagedLineStopsTheStartWithItsPlace(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"changed":     {"two", "twx", "notes.log is damaged at offset 34: the line's checksum is"},
		"cut short":   {"two\n", "tw\n", "notes.log is damaged at offset 34: the line's checksum is"},
		"overwritten": {"one\n", "\n\n\n\n", "notes.log is damaged at offset 21"},
		"not an entry": {"three\n", "three\n" + string(appendLine(nil, []byte("unknown"))),
			"notes.log is damaged at offset 62: what is that?"},
	} {
		dir := written(t, "one", "two", "three")
		change(t, dir, func(raw string) string {
			header, lines, _ := strings.Cut(raw, "\n")
			return header + "\n" + strings.Replace(lines, c.old, c.new, 1)
		})
		if _, _, _, err := reopen(t, dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestAFileOfAnotherVersionStopsTheStart(t *testing.T) {
	dir := written(t, "one")
	change(t, dir, func(raw string) string { return strings.Replace(raw, "twofold-data 1", "twofold-data 2", 1) })
	_, _, _, err := reopen(t, dir)
	if err == nil || !strings.Contains(err.Error(), `begins with "twofold-data 2 notes", but this program reads "twofold-data 1 notes"`) {
		t.Error(err)
	}
}

func TestAFolderIsForOneProcess(t *testing.T) {
	dir := t.TempDir()
	d, _, _, err := reopen(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := reopen(t, dir); err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("a second one got it: %v", err)
	}
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := reopen(t, dir); err != nil {
		t.Errorf("nobody has it any more: %v", err)
	}
}

func TestAWriteThatFailsIsTheLast(t *testing.T) {
	d, _, _, err := reopen(t, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	file := d.files["notes"]
	good := file.f
	file.f = full
	first := file.append([]byte("one"))
	file.f = good
	if second := file.append([]byte("two")); first == nil || !errors.Is(second, first) {
		t.Errorf("first %v, then %v", first, second)
	}
	if err := full.Close(); err != nil {
		t.Fatal(err)
	}
}
