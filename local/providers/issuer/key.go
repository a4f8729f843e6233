package issuer

import (
	"crypto/rsa"
	"io"
	"math/big"
)

const primeBits, exponent = 1024, 65537

// NewKey makes a 2048-bit RSA key of what r gives: the same bytes are the same key. crypto/rsa draws from the system alone, and a
// simulated run must have the same key again.
func NewKey(r io.Reader) (*rsa.PrivateKey, error) {
	one, e := big.NewInt(1), big.NewInt(exponent)
	for {
		p, err := drawPrime(r)
		if err != nil {
			return nil, err
		}
		q, err := drawPrime(r)
		if err != nil {
			return nil, err
		}
		totient := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		d := new(big.Int).ModInverse(e, totient)
		if d == nil || p.Cmp(q) == 0 {
			continue
		}
		key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: exponent}, D: d, Primes: []*big.Int{p, q}}
		key.Precompute()
		return key, key.Validate()
	}
}

// drawPrime walks up from a drawn odd number whose two top bits are set, so that
// the product of two has full length.
func drawPrime(r io.Reader) (*big.Int, error) {
	b := make([]byte, primeBits/8)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	b[0] |= 0xc0
	b[len(b)-1] |= 1
	n, two := new(big.Int).SetBytes(b), big.NewInt(2)
	for !n.ProbablyPrime(8) {
		n.Add(n, two)
	}
	return n, nil
}
