package live

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkInvocation reports the CPU time of both sides for one invocation with about 1 KiB in
// and out: "µs-parent" in this process, "µs-child" in the function's.
func BenchmarkInvocation(b *testing.B) {
	r, v := newRunner(b, Config{}), version(map[string]string{"ECHO": "1"})
	payload := `{"body":"` + strings.Repeat("z", 1000) + `"}`
	r.run(b, v, payload)
	pid := r.Processes()[0].PID
	parent, child := selfCPU(b), processCPU(b, pid)
	for b.Loop() {
		r.run(b, v, payload)
	}
	n := float64(b.N)
	b.ReportMetric(float64((selfCPU(b)-parent).Microseconds())/n, "µs-parent")
	b.ReportMetric(float64((processCPU(b, pid)-child).Microseconds())/n, "µs-child")
	b.ReportMetric(residentMiB(b, pid), "MiB-resident")
}

// BenchmarkInvocationUnderLoad is the same with both cores busy: four callers, up to four
// instances; the figures are sums over the instances, for one invocation.
func BenchmarkInvocationUnderLoad(b *testing.B) {
	r, v := newRunner(b, Config{MaxInstances: 4, ScaleDelay: time.Microsecond}), version(map[string]string{"ECHO": "1"})
	payload := `{"body":"` + strings.Repeat("z", 1000) + `"}`
	parent := selfCPU(b)
	b.SetParallelism(2)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r.run(b, v, payload)
		}
	})
	var child time.Duration
	for _, p := range r.Processes() {
		child += processCPU(b, p.PID)
	}
	b.ReportMetric(float64((selfCPU(b)-parent).Microseconds())/float64(b.N), "µs-parent")
	b.ReportMetric(float64(child.Microseconds())/float64(b.N), "µs-child")
}

// BenchmarkColdStart is a process from nothing to its first answer.
func BenchmarkColdStart(b *testing.B) {
	r := newRunner(b, Config{})
	for b.Loop() {
		r.run(b, version(map[string]string{"ECHO": "1"}), `{}`)
		r.KillRegion("us-east-1")
	}
}

func selfCPU(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// processCPU reads user and system time from /proc in ticks of 10 ms.
func processCPU(b *testing.B, pid int) time.Duration {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
	var user, system int64
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		b.Fatal(err)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

func residentMiB(b *testing.B, pid int) float64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), "VmRSS:")
	var kib float64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		b.Fatal(err)
	}
	return kib / 1024
}
