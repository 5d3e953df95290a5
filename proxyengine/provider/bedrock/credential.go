package bedrock

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"crs/internal/account"
	"crs/internal/secret"
)

// credential is what an account authenticates with: a bearer key, or a pair of keys to sign with.
type credential struct {
	bearer string
	keys   aws.Credentials
}

var (
	errUnknownKey = errors.New("the credential is neither a Bedrock API key (ABSK…), nor ACCESS_KEY_ID:SECRET_ACCESS_KEY, " +
		"nor the lines aws_access_key_id = … and aws_secret_access_key = …; for a bearer token of another kind, set auth to bearer")
	errNotBearer = errors.New("auth is bearer, but the credential is not one word")
	errNotPair   = errors.New("auth is sigv4, but the credential is neither ACCESS_KEY_ID:SECRET_ACCESS_KEY[:SESSION_TOKEN], " +
		"nor the lines aws_access_key_id = … and aws_secret_access_key = …")
)

// readCredential tells what an account's secret is. Its errors never show it.
func readCredential(acc *account.Account) (credential, error) {
	text := strings.TrimSpace(acc.Credential.Secret.Reveal())
	switch style := acc.Options["auth"]; style {
	case "", "auto":
		if strings.HasPrefix(text, "ABSK") || strings.HasPrefix(text, "bedrock-api-key-") {
			return bearer(text, errUnknownKey)
		}
		return pair(text, errUnknownKey)
	case "bearer":
		return bearer(text, errNotBearer)
	case "sigv4":
		return pair(text, errNotPair)
	default:
		return credential{}, fmt.Errorf("auth style %q is none of auto, bearer, sigv4", style)
	}
}

// Canonical implements provider.Canonicalizer: keys are kept as ACCESS_KEY_ID:SECRET_ACCESS_KEY[:SESSION_TOKEN], whatever file
// they come from.
func (*Provider) Canonical(acc *account.Account) (secret.String, error) {
	c, err := readCredential(acc)
	switch {
	case err != nil:
		return secret.String{}, err
	case c.bearer != "":
		return secret.New(c.bearer), nil
	case c.keys.SessionToken == "":
		return secret.New(c.keys.AccessKeyID + ":" + c.keys.SecretAccessKey), nil
	}
	return secret.New(c.keys.AccessKeyID + ":" + c.keys.SecretAccessKey + ":" + c.keys.SessionToken), nil
}

// word is what may stand in a header.
var word = regexp.MustCompile(`^[!-~]+$`)

func bearer(text string, otherwise error) (credential, error) {
	if !word.MatchString(text) {
		return credential{}, otherwise
	}
	return credential{bearer: text}, nil
}

func pair(text string, otherwise error) (credential, error) {
	if parts := oneLine.FindStringSubmatch(text); parts != nil && isLong(parts[1], 8, 128) && isLong(parts[2], 16, 256) {
		return credential{keys: aws.Credentials{AccessKeyID: parts[1], SecretAccessKey: parts[2], SessionToken: parts[3]}}, nil
	}
	return fromFile(text, otherwise)
}

// oneLine is ACCESS_KEY_ID:SECRET_ACCESS_KEY[:SESSION_TOKEN]. The lengths are not in it: counted, they take a third of a
// megabyte for as long as the process lives.
var oneLine = regexp.MustCompile(`^([A-Z0-9]+):([!-9;-~]+)(?::([!-~]+))?$`)

func isLong(s string, least, most int) bool { return least <= len(s) && len(s) <= most }

// fromFile reads the lines of ~/.aws/credentials, or of a shell's environment.
func fromFile(text string, otherwise error) (credential, error) {
	var keys aws.Credentials
	slots := map[string]*string{
		"aws_access_key_id": &keys.AccessKeyID, "aws_secret_access_key": &keys.SecretAccessKey, "aws_session_token": &keys.SessionToken,
	}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "export ")))
		slot := slots[name]
		if slot == nil {
			continue
		}
		if *slot != "" {
			return credential{}, errors.New("the credential holds " + name + " twice: leave one profile in it")
		}
		if *slot = strings.Trim(strings.TrimSpace(value), `"'`); !word.MatchString(*slot) {
			return credential{}, otherwise
		}
	}
	if keys.AccessKeyID == "" || keys.SecretAccessKey == "" {
		return credential{}, otherwise
	}
	return credential{keys: keys}, nil
}
