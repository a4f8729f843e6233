package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"twofold/local/promises"
	"twofold/local/world"
)

// child is `twofold up` in a process of its own.
type child struct {
	cmd   *exec.Cmd
	apis  []string // by region
	token string   // of the customer ada
	clock string   // what it said about another clock
}

var (
	apiLine   = regexp.MustCompile(`^  API of \S+ +(http://\S+)$`)
	tokenLine = regexp.MustCompile(`^export TOKEN=(\S+)$`)
)

// startChild starts the built command and reads from what it prints how to reach it.
func startChild(t *testing.T, args ...string) *child {
	t.Helper()
	command := filepath.Join(filepath.Dir(functions(t)), "twofold")
	c := &child{cmd: exec.Command(command, append([]string{"up", "-root", repository(t), "-listen", "", "-logs", t.TempDir()}, args...)...)}
	var complaints bytes.Buffer
	c.cmd.Stderr = &complaints
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.kill)
	lines := bufio.NewScanner(out)
	for c.token == "" && lines.Scan() {
		if m := apiLine.FindStringSubmatch(lines.Text()); m != nil {
			c.apis = append(c.apis, m[1])
		}
		if m := tokenLine.FindStringSubmatch(lines.Text()); m != nil {
			c.token = m[1]
		}
		if strings.Contains(lines.Text(), "Another clock") {
			c.clock += lines.Text() + "\n"
		}
	}
	if c.token == "" || len(c.apis) != 2 {
		c.kill()
		t.Fatalf("it ended before it was up, or does not say where: %s", complaints.String())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // until it is killed
	return c
}

// kill is kill -9, and waits until the process is gone.
func (c *child) kill() {
	_ = c.cmd.Process.Kill() // an error says that it is gone already
	_ = c.cmd.Wait()         // it was killed: that is its error
}

// call makes a request; an error says that there was no answer.
func (c *child) call(t *testing.T, api int, method, path, key, body string) (status int, answer map[string]any, err error) {
	req, err := http.NewRequestWithContext(t.Context(), method, c.apis[api]+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	err = json.NewDecoder(res.Body).Decode(&answer)
	return res.StatusCode, answer, err
}

// placeUntilKilled places orders from several clients at once through both regions and kills the whole platform once enough were
// accepted, with others under way. It gives the orders that were answered 202.
func placeUntilKilled(t *testing.T, c *child, orders, enough int) []string {
	t.Helper()
	var mu sync.Mutex
	var accepted []string
	var once sync.Once
	var clients sync.WaitGroup
	next := make(chan int, orders)
	for i := range orders {
		next <- i
	}
	close(next)
	for range 8 {
		clients.Go(func() {
			for i := range next {
				status, a, err := c.call(t, i%2, "POST", "/v1/orders", fmt.Sprintf("order-%d", i), newOrder("TEA-EARL-GREY", 1, goodCard))
				if err != nil || status != http.StatusAccepted {
					continue // killed meanwhile: nothing was promised
				}
				mu.Lock()
				accepted = append(accepted, a["orderId"].(string))
				if len(accepted) == enough {
					once.Do(c.kill)
				}
				mu.Unlock()
			}
		})
	}
	clients.Wait()
	return accepted
}

// The whole platform, with all functions, is killed in the middle of 40 orders and started again on the same folder.
func TestAPlatformThatIsKilledFinishesEveryAcceptedOrder(t *testing.T) {
	dir := t.TempDir()
	first := startChild(t, "-data", dir)
	accepted := placeUntilKilled(t, first, 40, 20)
	if len(accepted) < 20 || len(accepted) == 40 {
		t.Fatalf("it was killed when %d orders were accepted, which is not the middle", len(accepted))
	}

	second := startChild(t, "-data", dir, "-sweep-own-after", "1s", "-sweep-peer-after", "5s")
	if !strings.Contains(second.clock, "SweepOwnAfter is 1s here, and 2m as deployed") {
		t.Errorf("of its clock it says %q", second.clock)
	}
	deadline := time.Now().Add(4 * time.Minute)
	for _, id := range accepted {
		for api := range second.apis {
			awaitOutcome(t, second, api, id, deadline)
		}
	}
	second.kill()

	p := start(t, func(o *world.Options) { o.Data = dir })
	keptButForMails(t, p, accepted)
	charged := map[string]int{}
	for _, i := range p.Stripe().Intents() {
		charged[i.Order] += i.Captures
	}
	for _, id := range accepted {
		if charged[id] != 1 {
			t.Errorf("%s was charged %d times", id, charged[id])
		}
	}
}

// keptButForMails checks every promise about a platform that was killed. Each order has its mail; it has two if the function was killed between
// sending it and saying so, which package notification allows.
func keptButForMails(t *testing.T, p *platform, accepted []string) {
	t.Helper()
	if err := p.Quiet(t.Context()); err != nil {
		t.Fatal(err)
	}
	view, err := p.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mails := map[string]int{}
	for _, m := range view.Mails {
		mails[m.OrderID+" "+m.Kind]++
	}
	for _, id := range accepted {
		if n := mails[id+" confirmed"]; n != 1 && n != 2 {
			t.Errorf("%d mails say that %s is confirmed", n, id)
		}
	}
	view.Accepted = accepted
	for _, r := range promises.Check(view) {
		for _, b := range r.Broken {
			if r.Name != "one mail for each closing fact" {
				t.Errorf("%s: %s", r.Name, b)
			}
		}
	}
}

func awaitOutcome(t *testing.T, c *child, api int, id string, deadline time.Time) {
	t.Helper()
	for {
		status, a, err := c.call(t, api, "GET", "/v1/orders/"+id, "", "")
		if err == nil && status == http.StatusOK && a["state"] == "CONFIRMED" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s through %s: %d %v %v", id, c.apis[api], status, a, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
