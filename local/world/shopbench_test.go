package world_test

import (
	"testing"
	"time"
)

// BenchmarkSimulatedOrder is one order from the request to its mail, in both regions, with what the platform does besides in ten seconds.
func BenchmarkSimulatedOrder(b *testing.B) {
	s := simulate(b, 1)
	s.stock("TEA-1", 1_000_000)
	before, n := s.Sim().Steps(), 0
	for b.Loop() {
		s.buy(order{s.east, "TEA-1", goodCard, 1, n})
		s.wait(10 * time.Second)
		n++
	}
	b.ReportMetric(float64(s.Sim().Steps()-before)/float64(n), "steps/op")
}

// BenchmarkSimulatedIdleHour is an hour in which nothing is ordered.
func BenchmarkSimulatedIdleHour(b *testing.B) {
	s := simulate(b, 1)
	before, n := s.Sim().Steps(), 0
	for b.Loop() {
		s.wait(time.Hour)
		n++
	}
	b.ReportMetric(float64(s.Sim().Steps()-before)/float64(n), "steps/op")
}
