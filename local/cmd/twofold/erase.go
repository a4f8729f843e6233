package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"twofold/local/template"
)

// erase removes what is known of the person of an order, as an operator does with the SDK: each region erases what it wrote, and
// replication takes that to the other.
func erase(flags *flag.FlagSet) func(context.Context, []string) error {
	endpoint := endpointOption(flags)
	root := flags.String("root", ".", "the `folder` of the repository")
	return func(ctx context.Context, args []string) error {
		regions, err := stageRegions(*root)
		if err != nil {
			return err
		}
		var answers []erasure
		for _, r := range regions {
			a := operator{endpoint: *endpoint, region: r}.erase(ctx, args[0])
			if refused := new(net.OpError); errors.As(a.err, &refused) && refused.Op == "dial" {
				return nothingRuns(*endpoint, a.err)
			}
			fmt.Printf("%s: %s\n", r, a)
			answers = append(answers, a)
		}
		return verdict(args[0], answers)
	}
}

// stageRegions are the regions of the local stage.
func stageRegions(root string) ([]string, error) {
	deployments, err := template.ReadSamConfig(filepath.Join(root, "samconfig.toml"), "local-")
	if err != nil {
		return nil, fmt.Errorf("-root must name the repository: %w", err)
	}
	var out []string
	for _, d := range deployments {
		if d.Env == "local-"+d.Region {
			out = append(out, d.Region)
		}
	}
	return out, nil
}

// erasure is what one region says.
type erasure struct {
	known  bool // the region knows the order
	erased bool // a person that this region wrote is gone now
	err    error
}

func (e erasure) String() string {
	switch {
	case e.err != nil:
		return "could not be reached, count nothing as erased there: " + e.err.Error()
	case e.erased:
		return "erased"
	case e.known:
		return "nothing to erase: the person was not written here, or was erased before"
	}
	return "does not know this order"
}

// verdict is nil when every region has done its part.
func verdict(order string, answers []erasure) error {
	known, failed := false, false
	for _, a := range answers {
		known, failed = known || a.known, failed || a.err != nil
	}
	switch {
	case failed:
		return errors.New("erase " + order + " again when every region can be reached")
	case !known:
		return errors.New("no region knows the order " + order)
	}
	return nil
}

// operator calls functions of one region.
type operator struct{ endpoint, region string }

func (o operator) erase(ctx context.Context, order string) erasure {
	var counted struct{ Erased int }
	if _, err := o.ask(ctx, "order-erase", map[string]string{"orderId": order}, &counted); err != nil {
		return erasure{err: err}
	}
	var person struct{}
	refused, err := o.ask(ctx, "order-query", map[string]string{"orderId": order, "want": "person"}, &person)
	return erasure{known: refused != "NotFound", erased: counted.Erased > 0, err: err}
}

// ask invokes a function. The name of an error that the function answers with is no error here if it says that there is no such thing.
func (o operator) ask(ctx context.Context, function string, in, out any) (refused string, err error) {
	payload, err := json.Marshal(in)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client := lambda.New(lambda.Options{Region: o.region, BaseEndpoint: &o.endpoint, Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("operator", "any", "")})
	res, err := client.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("twofold-local-" + function), Qualifier: aws.String("live"), Payload: payload})
	if err != nil {
		return "", err
	}
	if res.FunctionError == nil {
		return "", json.Unmarshal(res.Payload, out)
	}
	var failure struct{ ErrorType, ErrorMessage string }
	if err := json.Unmarshal(res.Payload, &failure); err != nil {
		return "", err
	}
	if failure.ErrorType == "NotFound" {
		return failure.ErrorType, nil
	}
	return "", fmt.Errorf("%s: %s: %s", function, failure.ErrorType, failure.ErrorMessage)
}
