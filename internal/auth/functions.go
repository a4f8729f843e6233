package auth

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/golang-jwt/jwt/v5"

	"twofold/internal/platform"
)

// NewAuthorizer is the API's authorizer. It reads JWT_ISSUER, JWT_AUDIENCE and JWKS_URL.
func NewAuthorizer(_ context.Context, rt platform.Runtime) (lambda.Handler, error) {
	env := rt.NewEnv()
	issuer, audience := env.String("JWT_ISSUER"), env.String("JWT_AUDIENCE")
	keys := &keyCache{url: env.String("JWKS_URL"), http: rt.HTTP, clock: rt.Clock, log: rt.Log}
	if err := env.Err(); err != nil {
		return nil, err
	}
	a := &authorizer{keys: keys, log: rt.Log, parser: jwt.NewParser(
		jwt.WithValidMethods([]string{"RS256", "ES256"}), jwt.WithIssuer(issuer), jwt.WithAudience(audience),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(rt.Clock.Now),
	)}
	return lambda.NewHandler(a.handle), nil
}
