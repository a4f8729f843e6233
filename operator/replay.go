package operator

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// Replay sends what a region's bus carried in a time again, to all rules or to one (a part of its name). Consumers of the platform take
// an event twice without harm.
func (o *Operator) Replay(ctx context.Context, region, rule string, from, to time.Time, apply bool) error {
	if !from.Before(to) {
		return Usage{"-from must lie before -to"}
	}
	s, err := o.site(region)
	if err != nil {
		return err
	}
	bus, err := s.events.DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{Name: aws.String("twofold-" + o.Stage)})
	if err != nil {
		return s.explain(err)
	}
	filters, err := s.rules(ctx, rule)
	if err != nil {
		return err
	}
	kept, err := s.events.DescribeArchive(ctx, &eventbridge.DescribeArchiveInput{ArchiveName: aws.String("twofold-" + o.Stage)})
	if err != nil {
		return s.explain(err)
	}
	span := from.UTC().Format(time.RFC3339) + " to " + to.UTC().Format(time.RFC3339)
	if !apply {
		return o.dry("%s of %s sends the events of %s again, of %d in all, to %s", aws.ToString(kept.ArchiveName), region, span, kept.EventCount, ruleText(filters))
	}
	name := fmt.Sprintf("twofold-%s-%d", o.Stage, o.Now().Unix())
	_, err = s.events.StartReplay(ctx, &eventbridge.StartReplayInput{ReplayName: &name, EventSourceArn: kept.ArchiveArn, EventStartTime: &from, EventEndTime: &to,
		Destination: &types.ReplayDestination{Arn: bus.Arn, FilterArns: filters}})
	if err != nil {
		return s.explain(err)
	}
	return o.say("Replay %s of %s was started, to %s.", name, span, ruleText(filters))
}

func ruleText(arns []string) string {
	if len(arns) == 0 {
		return "all rules"
	}
	return strings.Join(arns, ", ")
}

// rules are the ARNs of the rules whose name has a part; none for "".
func (s *site) rules(ctx context.Context, part string) ([]string, error) {
	if part == "" {
		return nil, nil
	}
	res, err := s.events.ListRules(ctx, &eventbridge.ListRulesInput{EventBusName: aws.String("twofold-" + s.op.Stage), Limit: aws.Int32(100)})
	if err != nil {
		return nil, s.explain(err)
	}
	var out, names []string
	for _, r := range res.Rules {
		if names = append(names, aws.ToString(r.Name)); strings.Contains(aws.ToString(r.Name), part) {
			out = append(out, aws.ToString(r.Arn))
		}
	}
	if len(out) == 0 {
		return nil, Usage{fmt.Sprintf("%s has no rule like %q: it has %s", s.region, part, strings.Join(names, ", "))}
	}
	return out, nil
}
