package world_test

import ("context";"twofold/local/core";"testing";"time";"fmt";"os";"strconv";"math/rand/v2";"reflect")

func TestExplore(t *testing.T) {
	n,_ := strconv.Atoi(os.Getenv("EXPLORE")); from,_ := strconv.Atoi(os.Getenv("FROM"))
	kind := os.Getenv("KIND")
	for seed := uint64(from); seed < uint64(from+n); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			s := simulate(t, seed)
			s.stock("TEA-1", 10)
			s.buy(order{s.east, "TEA-1", goodCard, 1, 0}, order{s.east, "TEA-1", goodCard, 2, 1}, order{s.east, "TEA-1", declinedCard, 1, 2},
				order{s.west, "TEA-1", goodCard, 1, 3}, order{s.east, "TEA-1", goodCard, 900, 4}, order{s.east, "TEA-1", goodCard, 6, 5}, order{s.west, "TEA-1", goodCard, 5, 6})
			k, steps := r.IntN(700), 0
			s.Sim().RunUntil(s.Cloud().Now(), func() bool { steps++; return steps > k })
			down := time.Duration(30+r.IntN(1200))*time.Second
			switch kind {
			case "lossy":
				end := s.Cloud().Now().Add(down)
				bad := func(_ context.Context, c *core.Call) error { if s.Cloud().Now().Before(end) && r.IntN(25)==0 { return core.ErrUnreachable }; return nil }
				s.Cloud().Faults.InterceptAfter(bad)
				s.Cloud().Faults.InterceptBefore(bad)
				s.wait(down)
			case "cut":
				s.Cloud().Faults.SetCut(s.east, s.west, true)
				s.wait(down)
				s.Cloud().Faults.SetCut(s.east, s.west, false)
			default:
				s.LoseRegion(s.east)
				s.wait(down)
				s.RestoreRegion(s.east)
			}
			s.wait(15*time.Minute)
			if east, west := s.stateOf(s.east), s.stateOf(s.west); !reflect.DeepEqual(east, west) {
				t.Errorf("differ %v %v", east, west)
			}
			s.kept(mailsOnce)
			if t.Failed() { t.Logf("k=%d down=%s", k, down) }
		})
	}
}
