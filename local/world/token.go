package world

import "twofold/local/providers/issuer"

// TokenOf is a token with claims of the caller's choice, wrong ones too.
func (w *World) TokenOf(c issuer.Claims) (string, error) { return w.svc.issuer.Token(c) }
