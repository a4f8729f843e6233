package world

import (
	"bufio"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"twofold/local/core"
)

// What outlives the process, in the folder Options.Data.
//
// Kept are the tables of each region, and what is remembered outside: by the payment provider, by the carrier, and which mails were sent. A change is in its file, by
// one write(2), before its call is answered, and one that cannot be kept is not made. A process that is killed, however hard, loses nothing
// that way; there is no fsync, so a machine that loses power may. At each start the files are read and written anew without what has
// been replaced since; old versions of items, erased personal data among them, are in a file until then.
//
// Not kept are messages in queues, running executions and schedules: the sweeps make up for them. Nor are the positions of pipes, because
// what a pipe has handed on may have been in a queue; instead each stream tells what was written in the last 24 hours once more,
// which its consumers, to whom everything may come twice, must bear anyway. Deletions are not told again. A region that was lost
// is up again.
//
// A file is a line that names its format, and a line for each entry: the CRC-32 of the entry in hexadecimal, a blank, the entry. A last
// line without an end was being written when the process was killed, so nobody was answered: it is cut off. Any other line that is
// not what was written stops the start.

// dataFormat is the version of the files.
const dataFormat = 1

// KindData is the kind of journal entries about the files of Options.Data.
const KindData core.Kind = "data"

// data is the folder, held by this process alone.
type data struct {
	dir   string
	lock  *os.File
	files map[string]*dataFile
}

// kept is a part of the world that outlives the process.
type kept interface {
	Load(entry []byte) error
	Snapshot(add func(entry []byte) error) error
}

// openData takes a folder, which is made if it is not there.
func openData(dir string) (*data, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%s is in use by another process: %w", dir, err), lock.Close())
	}
	return &data{dir: dir, lock: lock, files: map[string]*dataFile{}}, nil
}

// log appends to a file of restore; before that there is nothing to append.
func (d *data) log(name string) func(entry []byte) error {
	return func(entry []byte) error {
		f := d.files[name]
		if f == nil {
			return fmt.Errorf("%s is not open yet", name)
		}
		return f.append(entry)
	}
}

// restore gives a part what its file holds, and begins the file anew with what the part makes of that.
func (d *data) restore(name string, part kept, journal *core.Journal) error {
	path := filepath.Join(d.dir, name+".log")
	torn, err := readData(path, name, part.Load)
	if err != nil {
		return err
	}
	if torn > 0 {
		journal.Add(core.Entry{Kind: KindData, Subject: path,
			Detail: fmt.Sprintf("cut off its last %d bytes: the process was killed while it wrote them, and they were not answered", torn)})
	}
	f, err := beginData(path, name, part.Snapshot)
	if err != nil {
		return err
	}
	d.files[name] = f
	return nil
}

func (d *data) close() error {
	if d == nil {
		return nil
	}
	var errs []error
	for _, f := range d.files {
		errs = append(errs, f.close())
	}
	return errors.Join(append(errs, d.lock.Close())...)
}

func dataHeader(name string) string { return fmt.Sprintf("twofold-data %d %s\n", dataFormat, name) }

// readData gives the entries of a file, none if there is no file, and how long a torn last line is.
func readData(path, name string, load func(entry []byte) error) (torn int, err error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	in := bufio.NewReaderSize(f, 1<<16)
	header, err := in.ReadString('\n')
	if err != nil || header != dataHeader(name) {
		return 0, fmt.Errorf("%s begins with %q, but this program reads %q: give it another folder, or start the program that wrote it",
			path, strings.TrimSpace(header), strings.TrimSpace(dataHeader(name)))
	}
	for offset := len(header); ; {
		line, err := in.ReadBytes('\n')
		switch {
		case errors.Is(err, io.EOF):
			return len(line), nil
		case err != nil:
			return 0, fmt.Errorf("%s at offset %d: %w", path, offset, err)
		}
		entry, err := openLine(line)
		if err == nil {
			err = load(entry)
		}
		if err != nil {
			return 0, fmt.Errorf("%s is damaged at offset %d: %w", path, offset, err)
		}
		offset += len(line)
	}
}

// openLine takes the entry out of a line.
func openLine(line []byte) ([]byte, error) {
	if len(line) < 10 || line[8] != ' ' {
		return nil, errors.New("the line has no checksum")
	}
	entry := line[9 : len(line)-1]
	if want := fmt.Sprintf("%08x", crc32.ChecksumIEEE(entry)); string(line[:8]) != want {
		return nil, fmt.Errorf("the line's checksum is %s, not %s", want, line[:8])
	}
	return entry, nil
}

func appendLine(b, entry []byte) []byte {
	b = fmt.Appendf(b, "%08x ", crc32.ChecksumIEEE(entry))
	return append(append(b, entry...), '\n')
}

// beginData puts a new file in the place of the old one, at one moment, and opens it for what is to come.
func beginData(path, name string, snapshot func(add func(entry []byte) error) error) (_ *dataFile, err error) {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	out := bufio.NewWriterSize(f, 1<<16)
	if _, err := out.WriteString(dataHeader(name)); err != nil {
		return nil, err
	}
	var line []byte
	if err := snapshot(func(entry []byte) error {
		line = appendLine(line[:0], entry)
		_, err := out.Write(line)
		return err
	}); err != nil {
		return nil, err
	}
	if err := out.Flush(); err != nil {
		return nil, err
	}
	return &dataFile{f: f}, os.Rename(path+".new", path)
}

// dataFile is one file that is appended to. Safe for many tasks.
type dataFile struct {
	mu     sync.Mutex
	f      *os.File
	buffer []byte
	failed error // of a write: what is behind it could not be read again
}

// append adds an entry, by one write(2).
func (d *dataFile) append(entry []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failed != nil {
		return d.failed
	}
	d.buffer = appendLine(d.buffer[:0], entry)
	_, d.failed = d.f.Write(d.buffer)
	return d.failed
}

// close ends the file; what comes later fails.
func (d *dataFile) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failed == nil {
		d.failed = os.ErrClosed
	}
	return d.f.Close()
}

// tablesOf are the tables of a region as a part that is kept.
type tablesOf struct {
	w      *World
	region string
}

func (t tablesOf) Load(entry []byte) error { return t.w.svc.dynamodb.Load(t.region, entry) }

func (t tablesOf) Snapshot(add func(entry []byte) error) error {
	return t.w.svc.dynamodb.Snapshot(t.region, add)
}

const dataTables = "dynamodb-" // and the region

// openData takes the folder of the options, if there is one.
func (w *World) openData() (err error) {
	if w.opts.Data != "" {
		w.data, err = openData(w.opts.Data)
	}
	return err
}

// keepTables is the log of all tables; nil when nothing is kept.
func (w *World) keepTables() func(region string, entry []byte) error {
	if w.data == nil {
		return nil
	}
	logs := map[string]func([]byte) error{}
	for _, r := range w.stored() {
		logs[r] = w.data.log(dataTables + r)
	}
	return func(region string, entry []byte) error {
		if log := logs[region]; log != nil {
			return log(entry)
		}
		return fmt.Errorf("nothing is kept of region %s", region)
	}
}

// loadData gives the services what an earlier process left, before anything is deployed.
func (w *World) loadData() error {
	if w.data == nil {
		return nil
	}
	w.cloud.Journal.Keep(KindData)
	s := &w.svc
	s.stripe.Keep(w.data.log("stripe"))
	s.carrier.Keep(w.data.log("carrier"))
	s.ses.Keep(w.data.log("ses"))
	parts := map[string]kept{"stripe": s.stripe, "carrier": s.carrier, "ses": s.ses}
	for _, r := range w.stored() {
		parts[dataTables+r] = tablesOf{w, r}
	}
	var err error
	for name, part := range parts {
		err = errors.Join(err, w.data.restore(name, part, w.cloud.Journal))
	}
	return err
}

// resume takes up what an earlier process had under way, when everything is deployed.
func (w *World) resume() {
	if w.data == nil {
		return
	}
	w.svc.dynamodb.Resume()
	w.svc.stripe.Resume()
	w.svc.carrier.Resume()
}
