package auth

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/golang-jwt/jwt/v5"

	"twofold/internal/platform"
)

// errUnauthorized has the text that API Gateway answers with 401; any other error becomes 500
// (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html).
var errUnauthorized = errors.New("Unauthorized")

type authorizer struct {
	parser *jwt.Parser
	keys   interface {
		// key answers with the issuer's key of an id for an algorithm: Unauthorized if there is none, Unavailable if that cannot be known.
		key(ctx context.Context, id, algorithm string) (any, error)
	}
	log *slog.Logger
}

// request is what API Gateway sends, for authorizers of both types: the token alone, or the whole request.
type request struct {
	AuthorizationToken string            `json:"authorizationToken"`
	MethodARN          string            `json:"methodArn"`
	Headers            map[string]string `json:"headers"`
}

// claims are those of an access token of this shop.
type claims struct {
	jwt.RegisteredClaims
	Scope          string `json:"scope"` // separated by spaces
	StripeCustomer string `json:"stripe_customer"`
}

func (a *authorizer) handle(ctx context.Context, r request) (events.APIGatewayCustomAuthorizerResponse, error) {
	c, err := a.verify(ctx, bearer(r))
	if err == nil && c.Subject == "" {
		err = errUnauthorized
	}
	switch {
	case platform.IsTransient(err):
		a.log.Error("keys not available", "error", err.Error())
		return events.APIGatewayCustomAuthorizerResponse{}, err
	case err != nil:
		a.log.Info("token refused", "error", err.Error())
		return events.APIGatewayCustomAuthorizerResponse{}, errUnauthorized
	}
	return allow(c, r.MethodARN), nil
}

func (a *authorizer) verify(ctx context.Context, token string) (claims, error) {
	var c claims
	_, err := a.parser.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		id, _ := t.Header["kid"].(string)
		return a.keys.key(ctx, id, t.Method.Alg())
	})
	return c, err
}

// bearer is the token of "Authorization: Bearer <token>"; "" if there is none.
func bearer(r request) string {
	value := r.AuthorizationToken
	for name, v := range r.Headers {
		if strings.EqualFold(name, "Authorization") {
			value = v
		}
	}
	scheme, token, _ := strings.Cut(value, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// allow lets the customer call every route of the stage. All values of the context reach the handlers as strings.
func allow(c claims, methodARN string) events.APIGatewayCustomAuthorizerResponse {
	return events.APIGatewayCustomAuthorizerResponse{
		PrincipalID: c.Subject,
		PolicyDocument: events.APIGatewayCustomAuthorizerPolicy{
			Version: "2012-10-17",
			Statement: []events.IAMPolicyStatement{{
				Effect: "Allow", Action: []string{"execute-api:Invoke"}, Resource: []string{wholeStage(methodARN)},
			}},
		},
		Context: map[string]any{
			"customer": c.Subject, "scope": c.Scope, "stripeCustomer": c.StripeCustomer,
			"expires": strconv.FormatInt(c.ExpiresAt.Unix(), 10),
		},
	}
}

// wholeStage is arn:aws:execute-api:<region>:<account>:<api>/<stage>/*/* for any method's ARN of that stage.
func wholeStage(methodARN string) string {
	parts := strings.SplitN(methodARN, "/", 3)
	if len(parts) < 2 {
		return methodARN
	}
	return parts[0] + "/" + parts[1] + "/*/*"
}
