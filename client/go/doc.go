// Package twofold is the client of the Twofold API. twofold_gen.go is made from openapi.yaml by oapi-codegen; [NewResilient] puts under it what a caller
// of two regions needs: the token, retries with backoff, and failover from region to region without placing an order twice (the key
// is in the request: [NewIdempotencyKey]). What may be sent again and what not says [Resilient].
//
// It keeps no state but the region that answered last, and looks at no health check: a region that does not answer is found out by asking it.
package twofold
