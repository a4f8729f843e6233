package live

import (
	"strings"
	"testing"
	"time"
)

func TestInitTimeIsOfAProcessThatServesNothingAndHasEnded(t *testing.T) {
	r := newRunner(t, Config{})
	took, err := r.InitTime(version(nil))
	if err != nil || took <= 0 || took > 10*time.Second {
		t.Errorf("got %s, %v", took, err)
	}
	if n := len(r.Processes()); n != 0 {
		t.Errorf("%d processes are left", n)
	}
}

func TestInitTimeOfAFunctionThatCannotStartIsAnError(t *testing.T) {
	r := newRunner(t, Config{})
	if _, err := r.InitTime(version(map[string]string{"FAIL_INIT": "1"})); err == nil || !strings.Contains(err.Error(), "did not ask") {
		t.Errorf("got %v", err)
	}
}
