package world

import (
	"fmt"
	"slices"
	"strings"

	"twofold/local/template"
)

// choose leaves out the deployments of the regions that do not run, as a stage whose other region is lost for good has them. What both
// regions have in common is deployed all the same, with its replicas in both.
func (w *World) choose(all []template.Deployment) ([]template.Deployment, error) {
	if len(w.opts.Regions) == 0 {
		return all, nil
	}
	var known []string
	for _, d := range all {
		if d.Env == w.opts.Stage+"-"+d.Region {
			known = append(known, d.Region)
		}
	}
	for _, r := range w.opts.Regions {
		if !slices.Contains(known, r) {
			return nil, fmt.Errorf("there is no region %s: samconfig.toml has %s", r, strings.Join(known, " and "))
		}
	}
	w.absent = slices.DeleteFunc(known, func(r string) bool { return slices.Contains(w.opts.Regions, r) })
	w.regions = slices.DeleteFunc(w.regions, func(r string) bool { return slices.Contains(w.absent, r) })
	return slices.DeleteFunc(slices.Clone(all), func(d template.Deployment) bool {
		return slices.Contains(w.absent, d.Region) && d.Env == w.opts.Stage+"-"+d.Region
	}), nil
}

// stored are the regions that have stores: those that run, and those that do not.
func (w *World) stored() []string { return slices.Concat(w.regions, w.absent) }
