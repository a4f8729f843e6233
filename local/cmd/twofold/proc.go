package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// clockTicks is Linux's USER_HZ, in which /proc counts CPU time (proc(5)).
const clockTicks = 100

// cpuTime adds up the user and system time of processes; one that has ended counts nothing.
func cpuTime(pids []int) time.Duration {
	var ticks int64
	for _, pid := range pids {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(raw), ") ") // the name before may hold spaces
		fields := strings.Fields(rest)
		for _, f := range fields[11:13] {
			n, err := strconv.ParseInt(f, 10, 64)
			if err != nil {
				continue // proc(5) promises a number
			}
			ticks += n
		}
	}
	return time.Duration(ticks) * time.Second / clockTicks
}

// memoryMiB adds up the proportional set sizes of processes: what they share counts once.
func memoryMiB(pids []int) int64 {
	var kib int64
	for _, pid := range pids {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			continue // it has ended
		}
		for line := range strings.Lines(string(raw)) {
			if rest, ok := strings.CutPrefix(line, "Pss:"); ok {
				n, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
				if err != nil {
					continue // proc(5) promises a number
				}
				kib += n
			}
		}
	}
	return kib / 1024
}
