package operator_test

import (
	"os"
	"path/filepath"
	"testing"
)

// keyFile is a file with a key in it.
func keyFile(t *testing.T, key string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAKeyThatAPersonHadMadeIsTestedAndThenCurrent(t *testing.T) {
	s := simulate(t)
	s.want("secret list", "carrier-webhook", "stripe ", "ago", "no")
	file := keyFile(t, "sk_made_in_the_dashboard")
	s.want("secret put stripe -in us-east-1 -key "+file, "Nothing was changed", "payment-rotate")
	s.refused("secret put stripe -in us-east-1 -apply -key "+file, "payment-rotate in us-east-1", "the new key is refused")
	s.Stripe().AddKey("sk_made_in_the_dashboard")
	s.want("secret put stripe -in us-east-1 -apply -key "+file, "twofold/local/stripe in us-east-1 is current")
	s.refused("secret put issuer -in us-east-1 -key "+file, `there is no secret "issuer"`)
	s.refused("secret put stripe -in us-east-1 -key /nowhere", "-key")
	s.refused("secret put stripe -in us-east-1 -key "+keyFile(t, " "), "is empty")
}

func TestASecretThatRotatesByItselfIsRotatedNowAndAfterAFailure(t *testing.T) {
	s := simulate(t)
	s.want("secret rotate stripe-webhook -in us-west-2", "Nothing was changed")
	s.Stripe().EndKey("sk_test_local")
	s.refused("secret rotate stripe-webhook -in us-west-2 -apply", "did not end")
	s.want("secret list", "yes, or it failed")
	s.Stripe().AddKey("sk_test_local")
	s.want("secret rotate stripe-webhook -in us-west-2 -apply", "twofold/local/stripe-webhook in us-west-2 is rotated")
	s.refused("secret rotate carrier -in us-west-2 -apply", "No Lambda rotation function")
}
