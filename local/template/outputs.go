package template

// checkOutputs checks what outputs refer to before anything is created.
func (s *scope) checkOutputs() error {
	for _, f := range s.t.section("Outputs").Fields {
		out, ok := f.Value.(*Map)
		if !ok {
			return f.Pos.Errorf("the output %s must be a mapping", f.Key)
		}
		if err := out.only("the output "+f.Key, "Value", "Description", "Condition", "Export"); err != nil {
			return err
		}
		if name, ok := out.Get("Condition").(string); ok {
			if _, known := s.conditions[name]; !known {
				return out.at("Condition").Errorf("the output %s: there is no condition %s", f.Key, name)
			}
		}
		if out.Get("Value") == nil {
			return f.Pos.Errorf("the output %s has no Value", f.Key)
		}
		if !s.wanted(out) {
			continue
		}
		if err := s.references(out, s.refers); err != nil {
			return err
		}
	}
	return nil
}

// outputs resolves the outputs and makes the exports known.
func (r *run) outputs() error {
	exports := map[string]string{}
	for _, f := range r.t.section("Outputs").Fields {
		out := f.Value.(*Map)
		if !r.scope.wanted(out) {
			continue
		}
		v, err := r.scope.resolve(out.Get("Value"))
		if err != nil {
			return err
		}
		text, ok := scalar(v)
		if !ok {
			return f.Pos.Errorf("the output %s must be a string", f.Key)
		}
		r.stack.Outputs[f.Key] = text
		if exp, ok := out.Get("Export").(*Map); ok {
			name, err := r.scope.resolve(exp.Get("Name"))
			if err != nil {
				return err
			}
			if err := r.export(name, text, exp.Pos, exports); err != nil {
				return err
			}
		}
	}
	r.publish(exports)
	return nil
}

func (r *run) export(name any, value string, pos Pos, into map[string]string) error {
	text, ok := name.(string)
	if !ok {
		return pos.Errorf("Export needs a Name")
	}
	if other, ok := r.exports[r.region][text]; ok && other.stack != r.name {
		return pos.Errorf("the stack %s exports %s already", other.stack, text)
	}
	if _, twice := into[text]; twice {
		return pos.Errorf("%s is exported twice", text)
	}
	into[text] = value
	return nil
}

// publish replaces the exports of the stack.
func (r *run) publish(exports map[string]string) {
	region := r.exports[r.region]
	if region == nil {
		region = map[string]export{}
		r.exports[r.region] = region
	}
	for name, e := range region {
		if e.stack == r.name {
			delete(region, name)
		}
	}
	for name, value := range exports {
		region[name] = export{r.name, value}
	}
}

func (d *Deployer) imports(region string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		e, ok := d.exports[region][name]
		return e.value, ok
	}
}
