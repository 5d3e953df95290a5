package vertex

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"regexp"
	"strings"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/proxyengine/provider"
)

// key is a service account's: what its access tokens are made with.
type key struct {
	email, id string
	private   *rsa.PrivateKey
}

const whereFrom = "; Google Cloud's console gives one: IAM, Service accounts, Keys, Add key, JSON"

// Import implements provider.Importer: the file in which Google Cloud gives a service account's key. Its other addresses count for
// nothing: where tokens come from is for the operator's configuration to say.
func (p *Provider) Import(_ string, file []byte, acc *account.Account) error {
	var f struct {
		Type     string `json:"type"`
		Project  string `json:"project_id"`
		Email    string `json:"client_email"`
		ID       string `json:"private_key_id"`
		Private  string `json:"private_key"`
		Universe string `json:"universe_domain"`
	}
	switch {
	case json.Unmarshal(file, &f) != nil:
		return errors.New("the file is not a service account's key, which is JSON" + whereFrom)
	case f.Type != "service_account":
		return errors.New(otherType(f.Type) + whereFrom)
	case f.Universe != "" && f.Universe != "googleapis.com":
		return errors.New("the service account's key is of another cloud than Google's own (universe_domain)")
	}
	k, err := newKey(f.Email, f.ID, []byte(f.Private))
	if err != nil {
		return err
	}
	if acc.Options[project] == "" && f.Project != "" {
		provider.SetOptions(acc, map[string]string{project: f.Project})
	}
	acc.Credential = account.Credential{
		Kind: account.ServiceAccount, Secret: secret.New("none-yet"), Refresh: k.word(), ExpiresAt: p.now().UTC(), // it is made before its first use
	}
	return nil
}

// otherType says what a file is that is no service account's key.
func otherType(kind string) string {
	switch kind {
	case "authorized_user":
		return "the file is a person's login as gcloud saves it (authorized_user), not a service account's key"
	case "external_account", "external_account_authorized_user", "impersonated_service_account", "gdch_service_account":
		return "the file is of type " + kind + ", which has tokens made elsewhere, not a service account's key"
	}
	return "the file is not a service account's key (its type is not service_account)"
}

var (
	emailShape = regexp.MustCompile(`^[!-9;-~]+@[!-9;-~]+$`)
	idShape    = regexp.MustCompile(`^[0-9A-Za-z_-]*$`)
)

// newKey reads what a file has. Its errors show nothing of that.
func newKey(email, id string, private []byte) (*key, error) {
	block, _ := pem.Decode(private)
	switch {
	case !emailShape.MatchString(email):
		return nil, errors.New("the service account's key has no client_email")
	case !idShape.MatchString(id):
		return nil, errors.New("the service account's key has a private_key_id that is none")
	case block == nil:
		return nil, errors.New("the service account's key has no private_key in PEM")
	}
	own, err := readPrivate(block.Bytes)
	if err != nil {
		return nil, err
	}
	return &key{email, id, own}, nil
}

func readPrivate(der []byte) (*rsa.PrivateKey, error) {
	const leastBits = 2048
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		parsed, err = x509.ParsePKCS1PrivateKey(der)
	}
	own, ok := parsed.(*rsa.PrivateKey)
	if err != nil || !ok || own.N.BitLen() < leastBits {
		return nil, errors.New("the private_key of the service account's key is not an RSA key of 2048 bits or more")
	}
	return own, nil
}

// word is the key as it is kept: one word, EMAIL:ID:KEY.
func (k *key) word() secret.String {
	return secret.New(k.email + ":" + k.id + ":" + base64.RawStdEncoding.EncodeToString(x509.MarshalPKCS1PrivateKey(k.private)))
}

// parseKey reads what word has written.
func parseKey(word secret.String) (*key, error) {
	email, rest, _ := strings.Cut(word.Reveal(), ":")
	id, text, _ := strings.Cut(rest, ":")
	der, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || !emailShape.MatchString(email) || !idShape.MatchString(id) {
		return nil, errors.New("the account has no service account's key")
	}
	own, err := readPrivate(der)
	if err != nil {
		return nil, err
	}
	return &key{email, id, own}, nil
}
