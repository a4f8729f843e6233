package dynamodb

// The legacy parameters are those that expressions replaced; AWS still answers to them:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.html

// legacyParameters are the legacy parameters of a request, by their wire names.
type legacyParameters struct {
	sent          []string
	toGet         []string // AttributesToGet
	updates       []legacyUpdate
	expected      []legacyCondition
	keyConditions []legacyCondition
	filter        []legacyCondition // QueryFilter or ScanFilter
	operator      string            // ConditionalOperator
}

// legacyCondition is what Expected, KeyConditions or a filter says of one attribute.
type legacyCondition struct {
	name      string
	exists    *bool
	op        string
	value     *value  // Value
	list      []value // AttributeValueList
	hasList   bool
	problem   string // of a value
	parameter string // the parameter that it belongs to
}

// legacyUpdate is what AttributeUpdates says of one attribute.
type legacyUpdate struct {
	name    string
	action  string
	value   *value
	problem string
}

// member reads a legacy parameter; false when name is none.
func (l *legacyParameters) member(s *scanner, name string) bool {
	switch name {
	case "AttributesToGet", "AttributeUpdates", "Expected", "ConditionalOperator", "KeyConditions", "QueryFilter", "ScanFilter":
	default:
		return false
	}
	if s.literal("null") {
		return true
	}
	l.sent = append(l.sent, name)
	switch name {
	case "AttributesToGet":
		l.toGet = []string{}
		s.array(func() { l.toGet = append(l.toGet, s.str()) })
	case "AttributeUpdates":
		s.object(func(attribute string) { l.updates = append(l.updates, decodeLegacyUpdate(s, attribute)) })
	case "Expected":
		l.expected = decodeLegacyConditions(s, name)
	case "KeyConditions":
		l.keyConditions = decodeLegacyConditions(s, name)
	case "QueryFilter", "ScanFilter":
		l.filter = decodeLegacyConditions(s, name)
	default:
		l.operator = s.str()
	}
	return true
}

func decodeLegacyConditions(s *scanner, parameter string) []legacyCondition {
	out := []legacyCondition{}
	s.object(func(attribute string) {
		c := legacyCondition{name: attribute, parameter: parameter}
		s.object(func(name string) { c.member(s, name) })
		out = append(out, c)
	})
	return out
}

func (c *legacyCondition) member(s *scanner, name string) {
	if s.literal("null") {
		return
	}
	switch name {
	case "Exists":
		exists := s.boolean()
		c.exists = &exists
	case "ComparisonOperator":
		c.op = s.str()
	case "Value":
		v, problem := s.value(0)
		c.value, c.problem = &v, first(c.problem, problem)
	case "AttributeValueList":
		c.hasList = true
		s.array(func() {
			v, problem := s.value(0)
			c.list, c.problem = append(c.list, v), first(c.problem, problem)
		})
	default:
		s.skip()
	}
}

func decodeLegacyUpdate(s *scanner, attribute string) legacyUpdate {
	u := legacyUpdate{name: attribute, action: "PUT"}
	s.object(func(name string) {
		switch {
		case s.literal("null"):
		case name == "Action":
			u.action = s.str()
		case name == "Value":
			v, problem := s.value(0)
			u.value, u.problem = &v, first(u.problem, problem)
		default:
			s.skip()
		}
	})
	return u
}
