package lambda

// Latest is the newest state of every function of a region, by name.
func (s *Service) Latest(region string) []*Version {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*Version
	for _, arn := range sortedKeys(s.functions) {
		if f := s.functions[arn]; f.region == region {
			all = append(all, f.latest)
		}
	}
	return all
}
