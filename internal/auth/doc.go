// Package auth decides whose request it is: an API Gateway Lambda authorizer for bearer tokens of one OIDC issuer.
//
// It guarantees that a token is let through only if it was signed with RS256 or ES256 by a key of the issuer's JWKS, names the
// issuer and the audience, has not expired and has a subject; any other is refused without saying why. The policy it answers
// covers the whole API of the stage, because API Gateway caches it for the token and not for the route: scopes are
// checked by the handlers, which get them with the customer in the authorizer's context.
//
// Keys are fetched when they are needed and kept; there is no work in the background. If the issuer cannot be
// reached, keys that are known go on being used. It does not know sessions, revocation lists or opaque tokens.
package auth
