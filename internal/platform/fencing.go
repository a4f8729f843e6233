package platform

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
)

// FenceReport is what an operator's call about a fence has done, or would do without Apply.
type FenceReport struct {
	Region  string `json:"region"` // that is fenced, or rejoins
	Fenced  bool   `json:"fenced"`
	Epoch   int64  `json:"epoch"`
	Applied bool   `json:"applied"`
	Blocked string `json:"reason"` // why nothing was done; "" if it was, or would be
}

// Report is whether the peer is fenced; Blocked says that it is not.
func (f *Fences) Report(ctx context.Context) (FenceReport, error) {
	fence, stands, err := f.Peer(ctx)
	r := FenceReport{Region: f.peer, Fenced: stands, Epoch: fence.Epoch}
	if !stands {
		r.Blocked = f.peer + " is not fenced"
	}
	return r, err
}

// GiveUp fences the peer, unless it is fenced.
func (f *Fences) GiveUp(ctx context.Context, apply bool) (FenceReport, error) {
	r, err := f.Report(ctx)
	r.Blocked = ""
	if err != nil || r.Fenced || !apply {
		return r, err
	}
	fence, err := f.Set(ctx)
	return FenceReport{Region: f.peer, Fenced: err == nil, Epoch: fence.Epoch, Applied: err == nil}, err
}

// Rejoin lets this region act again, if it is fenced and a table of its own is empty.
func (f *Fences) Rejoin(ctx context.Context, table string, apply bool) (FenceReport, error) {
	fence, stands, err := f.Of(ctx, f.region)
	r := FenceReport{Region: f.region, Fenced: stands, Epoch: fence.Epoch}
	if err != nil || !stands {
		return r, err
	}
	if err := f.Empty(ctx, table); err != nil {
		if CodeOf(err) == Conflict {
			r.Blocked, err = err.Error(), nil
		}
		return r, err
	}
	if apply {
		_, err = f.Lift(ctx)
		r.Applied, r.Fenced = err == nil, err != nil
	}
	return r, err
}

// Guard is a handler that refuses while its region is fenced.
func (f *Fences) Guard(h lambda.Handler) lambda.Handler { return guarded{fences: f, handler: h} }

type guarded struct {
	fences  *Fences
	handler lambda.Handler
}

// Invoke implements lambda.Handler.
func (g guarded) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if err := g.fences.Check(ctx); err != nil {
		return nil, ForStates(err)
	}
	return g.handler.Invoke(ctx, payload)
}
