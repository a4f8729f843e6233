package platform

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"
)

// signatureTolerance is how far a signature's time may be from now, either way: a request that was overheard is worthless afterwards.
const signatureTolerance = 5 * time.Minute

// CheckSignature verifies a signed webhook. Its signature header is a list "t=<unix seconds>,v1=<hex>"; v1 is the HMAC-SHA256 of the time,
// a full stop and the body as it was sent. There may be several v1 and several keys, while a secret is being changed; elements of other names are
// for other schemes (https://docs.stripe.com/webhooks#verify-manually). The error is of [BadSignature] and says what is wrong
// without saying what would be right. Within the tolerance the same request passes again: what it causes must be idempotent.
func CheckSignature(header, body string, keys []string, now time.Time) error {
	stamp, signatures, seconds, err := takeApart(header)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(keys, func(key string) bool { return signedBy(key, stamp, body, signatures) }) {
		return Refuse(BadSignature, "the signature does not match the body")
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > signatureTolerance || age < -signatureTolerance {
		return Refuse(BadSignature, "the signature is not of the last five minutes: send the request again, newly signed")
	}
	return nil
}

// takeApart reads a header; its error is of [BadSignature].
func takeApart(header string) (stamp string, signatures [][]byte, seconds int64, err error) {
	if header == "" {
		return "", nil, 0, Refuse(BadSignature, "sign the request: its signature header is missing")
	}
	stamp, signatures = readSignature(header)
	seconds, err = strconv.ParseInt(stamp, 10, 64)
	if err != nil || len(signatures) == 0 {
		return "", nil, 0, Refuse(BadSignature, "the signature header does not have the form t=<unix seconds>,v1=<hex>")
	}
	return stamp, signatures, seconds, nil
}

// readSignature takes a header's elements apart. A v1 that is no hex matches nothing and is left out.
func readSignature(header string) (stamp string, signatures [][]byte) {
	for element := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(element), "=")
		switch name {
		case "t":
			stamp = value
		case "v1":
			if mac, err := hex.DecodeString(value); err == nil {
				signatures = append(signatures, mac)
			}
		}
	}
	return stamp, signatures
}

func signedBy(secret, stamp, body string, signatures [][]byte) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "." + body)) // a hash never fails
	want := mac.Sum(nil)
	for _, s := range signatures {
		if hmac.Equal(s, want) {
			return true
		}
	}
	return false
}
