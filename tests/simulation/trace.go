package simulation

import (
	"bufio"
	"io"
	"os"
)

// Trace takes the steps of a run; nil takes none.
type Trace struct {
	out  *bufio.Writer
	file io.Closer
}

// TraceTo writes steps into a file; a name of "" is no trace.
func TraceTo(name string) (*Trace, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	return &Trace{out: bufio.NewWriter(f), file: f}, nil
}

func (t *Trace) step(line string) { _, _ = t.out.WriteString(line + "\n") } // an error stays until Close tells it

// Close writes what is left.
func (t *Trace) Close() error {
	if t == nil {
		return nil
	}
	if err := t.out.Flush(); err != nil {
		return err
	}
	return t.file.Close()
}
