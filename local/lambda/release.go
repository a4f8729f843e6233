package lambda

// Release publishes what a function is now as a new version of its own, as a deployment does that brings other code: its address tells a [Runner] which. No alias
// names it yet. Now is the version that the alias names, with all of its calls.
func (s *Service) Release(region, name, aliasName string) (now string, released *Version, err error) {
	arn, _, err := parseName(region, name, "")
	if err != nil {
		return "", nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.functions[arn]
	if f == nil || f.aliases[aliasName] == nil {
		return "", nil, notFound("Cannot find alias arn: %s:%s", arn, aliasName)
	}
	next := *f.latest
	next.revision++
	next.Modified = s.Cloud.Now()
	f.latest = &next
	return f.aliases[aliasName].version, f.publish("released"), nil
}
