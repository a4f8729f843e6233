package live

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"sync"
	"time"

	"twofold/local/core"
	"twofold/local/lambda"
)

const (
	tailSize = 4 << 10
	// tailWait is how long a caller that wants the log's tail waits for lines that were
	// written before the answer but are still in the pipe.
	tailWait = 10 * time.Millisecond
	maxLine  = 256 << 10 // longer lines are cut, as CloudWatch Logs cuts events
)

// log takes what one process writes, as lines.
type log struct {
	journal          *core.Journal
	region, function string
	file             *os.File // nil for none

	mu      sync.Mutex
	partial []byte
	keep    bool
	tail    []byte
}

// Write implements io.Writer for the process's stdout and stderr.
func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.keep {
		l.tail = append(l.tail, p...)
		if over := len(l.tail) - tailSize; over > 0 {
			l.tail = append(l.tail[:0], l.tail[over:]...)
		}
	}
	if l.file != nil {
		if _, err := l.file.Write(p); err != nil {
			l.journal.Add(core.Entry{Region: l.region, Kind: core.KindInternal, Subject: l.function, Detail: err.Error()})
			l.file = nil
		}
	}
	n := len(p)
	for {
		line, rest, whole := bytes.Cut(p, []byte("\n"))
		if !whole {
			l.partial = append(l.partial, p...)
			if len(l.partial) > maxLine {
				l.line(nil)
			}
			return n, nil
		}
		l.line(line)
		p = rest
	}
}

// line journals what was left of the last write together with b.
func (l *log) line(b []byte) {
	text := string(b)
	if len(l.partial) > 0 {
		text = string(append(l.partial, b...))
		l.partial = l.partial[:0]
	}
	if text != "" {
		l.journal.Add(core.Entry{Region: l.region, Kind: core.KindFunctionLog, Subject: l.function, Detail: text})
	}
}

func (l *log) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line(nil)
}

// begin starts a tail for an invocation that wants one.
func (l *log) begin(tail bool) {
	if !tail && !l.keep { // only the goroutine that has the instance changes keep
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.keep, l.tail = tail, l.tail[:0]
}

// end is the end of the log with the report that Lambda writes.
func (l *log) end(requestID string, v *lambda.Version, d time.Duration) []byte {
	time.Sleep(tailWait)
	l.mu.Lock()
	defer l.mu.Unlock()
	ms := float64(d) / float64(time.Millisecond)
	out := append([]byte("START RequestId: "+requestID+" Version: "+v.Number+"\n"), l.tail...)
	out = fmt.Appendf(out, "END RequestId: %s\nREPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %.0f ms\tMemory Size: %d MB\n",
		requestID, requestID, ms, math.Ceil(ms), v.MemoryMB)
	return out[max(0, len(out)-tailSize):]
}
