package world

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"twofold/local/apigateway"
	"twofold/local/cloudwatch"
	"twofold/local/codedeploy"
	"twofold/local/core"
	"twofold/local/dynamodb"
	"twofold/local/eventbridge"
	"twofold/local/iam"
	"twofold/local/lambda"
	"twofold/local/pipes"
	"twofold/local/providers/carrier"
	"twofold/local/providers/issuer"
	"twofold/local/providers/stripe"
	"twofold/local/scheduler"
	"twofold/local/secretsmanager"
	"twofold/local/ses"
	"twofold/local/sqs"
	"twofold/local/states"
)

// services are all parts of a world.
type services struct {
	iam        *iam.IAM
	dynamodb   *dynamodb.Service
	sqs        *sqs.Service
	lambda     *lambda.Service
	runner     runner
	states     *states.Service
	events     *eventbridge.Service
	pipes      *pipes.Service
	scheduler  *scheduler.Service
	secrets    *secretsmanager.Service
	ses        *ses.Service
	apis       *apigateway.Gateway
	stripe     *stripe.Provider
	carrier    *carrier.Provider
	webhooks   webhooks
	issuer     *issuer.Issuer
	cloudwatch *cloudwatch.Service
	codedeploy *codedeploy.Service

	provisioners map[string]core.Provisioner // by resource type, or by what comes before its last part
}

// Keys of the stand-ins; samconfig.toml gives the same to the local stage's functions.
const (
	stripeKey  = "sk_test_local"
	carrierKey = "carrier_local"
	audience   = "twofold"
)

func (w *World) newServices() error {
	s := &w.svc
	s.iam = iam.New()
	w.cloud.UseAuthorizer(s.iam)
	s.dynamodb = dynamodb.New(w.ctx, w.cloud, dynamodb.Options{Log: w.keepTables(), Partition: w.partitionLimits()})
	s.sqs = sqs.New(sqs.Config{Cloud: w.cloud, Context: w.ctx, Endpoint: w.Endpoint()})
	s.runner = w.driver.runner(w)
	s.cloudwatch = w.newAlarms() // the runner has said whether the world is simulated
	s.lambda = lambda.New(w.lambdaConfig())
	s.states = states.New(w.ctx, w.cloud, states.Options{Invoke: w.invokeForStates})
	s.events = eventbridge.New(w.ctx, w.cloud, eventbridge.Ports{Deliver: w.deliverEvent, Schedule: w.schedule, Validate: w.validator()})
	s.pipes = pipes.New(w.ctx, w.cloud, w.pipePorts())
	s.scheduler = scheduler.New(w.ctx, w.cloud, w.schedulerOptions())
	s.secrets = secretsmanager.New(w.ctx, w.cloud, w.invokeForSecrets)
	s.ses = ses.New(w.cloud)
	s.apis = apigateway.New(w.cloud, w.invokeForAPI, iam.CompileIdentityPolicy)
	s.codedeploy = codedeploy.New(w.cloud, codedeploy.Options{Speed: w.opts.Speed})
	w.observe()
	if err := w.newProviders(); err != nil {
		return err
	}
	w.register()
	return nil
}

// partitionLimits are AWS's, unless the options leave them away.
func (w *World) partitionLimits() dynamodb.Limits {
	if w.opts.Unthrottled {
		return dynamodb.Limits{}
	}
	return dynamodb.PartitionLimits()
}

func (w *World) newProviders() (err error) {
	w.svc.stripe = stripe.New(w.cloud, stripeKey)
	w.svc.carrier = carrier.New(w.cloud, carrierKey)
	w.subscribe()
	config := issuer.Config{URL: w.bases[hostIssuer], Audience: audience, ClientID: "local", ClientSecret: "local", StripeCustomer: w.stripeCustomer}
	if w.opts.prepared != nil {
		config.Key = w.opts.prepared.key
		w.svc.apis.Share(w.opts.prepared.documents)
	}
	w.svc.issuer, err = issuer.New(w.cloud, config)
	return err
}

// stripeCustomer is the provider's customer of a shopper, made when it is first asked for.
func (w *World) stripeCustomer(customer string) string {
	id := "cus_" + strings.ReplaceAll(customer, "-", "")
	w.svc.stripe.AddCustomer(id)
	return id
}

// Token is a bearer token of the issuer for a customer, with a space-separated list of scopes.
func (w *World) Token(customer, scope string) (string, error) {
	return w.svc.issuer.Token(issuer.Claims{Customer: customer, Scope: scope})
}

// register puts every service behind its signing name, and every resource type in its service's hands.
func (w *World) register() {
	s := &w.svc
	for name, svc := range map[string]core.Service{
		"dynamodb": s.dynamodb, "sqs": s.sqs, "lambda": s.lambda, "states": s.states, "events": s.events, "pipes": s.pipes,
		"scheduler": s.scheduler, "secretsmanager": s.secrets, "ses": s.ses, "apigateway": s.apis, "monitoring": s.cloudwatch, "codedeploy": s.codedeploy,
	} {
		w.cloud.Register(name, svc)
	}
	s.provisioners = map[string]core.Provisioner{
		"AWS::IAM::": s.iam, "AWS::DynamoDB::": s.dynamodb, "AWS::SQS::": s.sqs, "AWS::Lambda::": s.lambda,
		"AWS::Events::": s.events, "AWS::EventSchemas::": s.events, "AWS::Pipes::": s.pipes, "AWS::Scheduler::": s.scheduler,
		"AWS::SecretsManager::": s.secrets, "AWS::SES::": s.ses, "AWS::ApiGateway::": s.apis, "AWS::CloudWatch::": s.cloudwatch, "AWS::CodeDeploy::": s.codedeploy,
	}
	maps.Copy(s.provisioners, s.states.Provisioners())
}

// schedule runs rules that have a schedule.
func (w *World) schedule(region, name, expression string, fire func(ctx context.Context, at time.Time)) (func(), error) {
	return w.svc.scheduler.Every(region, name, expression, fire)
}

func (w *World) deliverEvent(ctx context.Context, d eventbridge.Delivery) error {
	return w.deliver(ctx, delivery{region: d.Region, target: d.TargetARN, as: d.Principal, source: d.SourceARN, body: d.Body, attributes: d.Attributes})
}

func (w *World) invokeForAPI(ctx context.Context, in apigateway.Invocation) (apigateway.Result, error) {
	p := in.Principal
	p.Via = in.SourceARN
	res, err := w.svc.lambda.Invoke(ctx, strings.Split(in.FunctionARN, ":")[3], in.FunctionARN, "", p, lambda.RequestResponse, in.Payload)
	if err != nil {
		return apigateway.Result{}, fmt.Errorf("invoke %s: %w", in.FunctionARN, err)
	}
	return apigateway.Result{Payload: res.Payload, FunctionError: res.FunctionError}, nil
}
