package platform

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Env reads the variables a function needs and remembers which are missing or wrong, so that a
// function that is not set up says everything it lacks at once.
type Env struct {
	getenv func(string) string
	wrong  []string
}

// NewEnv reads from the surroundings of a function.
func (rt Runtime) NewEnv() *Env { return &Env{getenv: rt.Getenv} }

// String is a variable that must be set.
func (e *Env) String(name string) string {
	v := e.getenv(name)
	if v == "" {
		e.wrong = append(e.wrong, name+" is not set")
	}
	return v
}

// Bool is "true" or "false".
func (e *Env) Bool(name string) bool {
	v, err := strconv.ParseBool(e.String(name))
	e.note(name, err)
	return v
}

// Duration is a Go duration such as "2m".
func (e *Env) Duration(name string) time.Duration {
	v, err := time.ParseDuration(e.String(name))
	e.note(name, err)
	return v
}

func (e *Env) note(name string, err error) {
	if err != nil && e.getenv(name) != "" {
		e.wrong = append(e.wrong, name+": "+err.Error())
	}
}

// Err names all that was missing or wrong; nil if nothing was.
func (e *Env) Err() error {
	if len(e.wrong) == 0 {
		return nil
	}
	return fmt.Errorf("environment: %s", strings.Join(e.wrong, "; "))
}
