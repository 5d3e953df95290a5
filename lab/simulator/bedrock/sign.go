package bedrock

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"crs/lab/simulator/login"
	"crs/lab/simulator/provider"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// signed is what a request says about its signature (AWS signature version 4).
type signed struct {
	id, day, region, service string
	fields                   []string // the header fields that are signed
	at                       time.Time
	sum                      string
}

const (
	signedScheme = "AWS4-HMAC-SHA256 "
	signedTime   = "20060102T150405Z"
	mostSkew     = 5 * time.Minute
)

// identifySigner finds out which access key signed a request. The signature of a registered one is computed again.
func (a *bedrock) identifySigner(c *provider.Call) *provider.Failure {
	if c.Header.Get("authorization") == "" {
		return &provider.Failure{Status: 403, Kind: "MissingAuthenticationTokenException", Message: "Missing Authentication Token"}
	}
	s, why := readSignature(c.Header.Get("authorization"), c.Header.Get("x-amz-date"))
	if why != "" {
		return &provider.Failure{Status: 403, Kind: "IncompleteSignatureException", Message: why}
	}
	c.Credential, c.Account = s.id, s.id
	if slices.Contains(a.BadKeys, s.id) || !a.keys.Knows(login.AccessKey, s.id) {
		return signatureFailure("unknown")
	}
	if s.service != "bedrock" {
		f := signatureFailure("signature")
		f.Message = "Credential should be scoped to correct service: 'bedrock'."
		return f
	}
	pair, registered := a.keys.Signer(s.id)
	if !registered {
		return nil
	}
	return s.verify(c, pair)
}

func signatureFailure(word string) *provider.Failure {
	f := find(provider.StatusStep(403, word))
	return &provider.Failure{Status: f.status, Kind: f.kind, Message: f.message}
}

// readSignature reads the Authorization field and the time. why says what is wrong with them.
func readSignature(header, at string) (s signed, why string) {
	rest, found := strings.CutPrefix(header, signedScheme)
	if !found {
		return s, "Authorization header requires the " + strings.TrimSpace(signedScheme) + " scheme."
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		parts[name] = value
	}
	scope := strings.Split(parts["Credential"], "/")
	if len(scope) != 5 || scope[0] == "" || scope[4] != "aws4_request" {
		return s, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term"
	}
	s.id, s.day, s.region, s.service = scope[0], scope[1], scope[2], scope[3]
	s.fields, s.sum = strings.Split(parts["SignedHeaders"], ";"), parts["Signature"]
	sum, err := hex.DecodeString(s.sum)
	if err != nil || len(sum) != sha256.Size {
		return s, "Authorization header requires 'Signature' parameter of 64 hexadecimal digits."
	}
	for _, name := range []string{"host", "x-amz-date"} {
		if !slices.Contains(s.fields, name) {
			return s, "'" + name + "' must be a 'SignedHeader' in the AWS Authorization."
		}
	}
	if s.at, err = time.Parse(signedTime, at); err != nil || !strings.HasPrefix(at, s.day) {
		return s, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP"
	}
	return s, ""
}

// verify signs the request again, with the key that is registered.
func (s *signed) verify(c *provider.Call, pair login.Signer) *provider.Failure {
	if c.Header.Get("x-amz-security-token") != pair.Session {
		return signatureFailure("unknown")
	}
	f := signatureFailure("signature")
	if s.at.Before(c.At.Add(-mostSkew)) || s.at.After(c.At.Add(mostSkew)) {
		f.Message = "Signature expired: " + s.at.Format(signedTime) + " is not within 5 min. of " + c.At.UTC().Format(signedTime)
		return f
	}
	again := s.request(c)
	sum := sha256.Sum256(c.Body)
	credentials := aws.Credentials{AccessKeyID: s.id, SecretAccessKey: pair.Secret}
	err := v4.NewSigner().SignHTTP(context.Background(), credentials, again, hex.EncodeToString(sum[:]), s.service, s.region, s.at)
	if err != nil || !strings.HasSuffix(again.Header.Get("Authorization"), "Signature="+s.sum) {
		return f
	}
	return nil
}

// request is what was signed: the path as it was sent, and the signed fields.
func (s *signed) request(c *provider.Call) *http.Request {
	host := c.Header.Get("host")
	r := &http.Request{
		Method: c.Method, Host: host, Header: http.Header{},
		URL: &url.URL{Scheme: "https", Host: host, Opaque: "//" + host + c.Path, RawQuery: c.Query},
	}
	for _, field := range c.Header {
		switch name := strings.ToLower(field.Name); {
		case !slices.Contains(s.fields, name), name == "host":
		case name == "content-length":
			r.ContentLength, _ = strconv.ParseInt(field.Value, 10, 64) // a wrong one gives a wrong signature
		default:
			r.Header[textproto.CanonicalMIMEHeaderKey(name)] = append(r.Header[textproto.CanonicalMIMEHeaderKey(name)], field.Value)
		}
	}
	return r
}
