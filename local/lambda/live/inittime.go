package live

import (
	"fmt"
	"time"

	"twofold/local/lambda"
)

// InitTime starts an instance of a version that serves nothing, beside those that serve, and says how long it took from the start of
// its process until it asked for its first event. The instance has ended when InitTime returns.
func (r *Runner) InitTime(v *lambda.Version) (time.Duration, error) {
	begin := time.Now()
	i, err := launch(&pool{runner: r, version: v, all: map[*instance]bool{}})
	if err != nil {
		return 0, err
	}
	state := i.ready(begin.Add(r.InitTimeout))
	took := time.Since(begin)
	i.kill()
	<-i.ended
	if i.conn != nil {
		_ = i.conn.conn.Close() // the other end is gone
	}
	if state != isReady {
		return 0, fmt.Errorf("%s did not ask for an event within %s", v.Name, r.InitTimeout)
	}
	return took, nil
}
