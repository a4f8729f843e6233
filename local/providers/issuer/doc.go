// Package issuer is a small OpenID Connect issuer: it signs the access tokens that Twofold's
// authorizer accepts, and publishes the key to check them with.
//
// # What it guarantees
//
// Tokens are RS256 JWTs (RFC 7519) with iss, aud, sub, scope, iat, exp and stripe_customer. The
// discovery document and the key set stand where OpenID Connect Discovery 1.0 puts them. The key is drawn
// from the cloud's seed: the same seed gives the same key and, at the same
// time, the same tokens. It must never be trusted by anything but a local cloud.
//
// # What it does not do
//
// There are no users, no log-in pages and no refresh tokens: POST /token gives a token for any customer to
// whoever knows the client's secret, by the grant client_credentials.
package issuer
