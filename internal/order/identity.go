package order

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"regexp"
	"strings"
)

// Digests are cut to 130 bits, written as 26 letters and digits.
const digestLength = 26

var orderPattern = regexp.MustCompile(`^ord_[a-z2-7]{26}$`)

// orderID is the id of the order that a customer's request under a key is, in either region. Its definition is frozen:
// another version that made other ids would take a retry for a new order.
func orderID(customer, key string, body []byte) string {
	return "ord_" + digest(customer, key, string(body))
}

// keyDigest names a customer's Idempotency-Key. Keys of different customers have nothing to do with each other.
func keyDigest(customer, key string) string { return digest(customer, key) }

// digest hashes fields so that no two different lists of fields give the same bytes: each is preceded by its length.
func digest(fields ...string) string {
	h := sha256.New()
	var length [8]byte
	for _, f := range fields {
		binary.BigEndian.PutUint64(length[:], uint64(len(f)))
		h.Write(length[:])
		h.Write([]byte(f))
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(h.Sum(nil)))[:digestLength]
}

// canonical is the one way to write a request down: what it says, whatever the white space and the order of its fields were.
// A field that is added to requests later must be left out here when it is empty, or old requests get other ids.
func canonical(r request) ([]byte, error) { return json.Marshal(r) }
