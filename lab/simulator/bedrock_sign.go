package simulator

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
func (a *bedrock) identifySigner(c *call) *failure {
	if c.field("authorization") == nil {
		return &failure{status: 403, kind: "MissingAuthenticationTokenException", message: "Missing Authentication Token"}
	}
	s, why := readSignature(string(c.field("authorization")), string(c.field("x-amz-date")))
	if why != "" {
		return &failure{status: 403, kind: "IncompleteSignatureException", message: why}
	}
	c.credential, c.account = s.id, s.id
	if slices.Contains(a.badKeys, s.id) || !a.keys.knows(accessKey, s.id) {
		return signatureFailure("unknown")
	}
	if s.service != "bedrock" {
		f := signatureFailure("signature")
		f.message = "Credential should be scoped to correct service: 'bedrock'."
		return f
	}
	pair, registered := a.keys.pair(s.id)
	if !registered {
		return nil
	}
	return s.verify(c, pair)
}

func signatureFailure(word string) *failure {
	f := findBedrock(&step{verb: vStatus, status: 403, word: word})
	return &failure{status: f.status, kind: f.kind, message: f.message}
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
func (s *signed) verify(c *call, pair awsKey) *failure {
	if string(c.field("x-amz-security-token")) != pair.session {
		return signatureFailure("unknown")
	}
	f := signatureFailure("signature")
	if s.at.Before(c.at.Add(-mostSkew)) || s.at.After(c.at.Add(mostSkew)) {
		f.message = "Signature expired: " + s.at.Format(signedTime) + " is not within 5 min. of " + c.at.UTC().Format(signedTime)
		return f
	}
	again := s.request(c)
	sum := sha256.Sum256(c.body)
	credentials := aws.Credentials{AccessKeyID: s.id, SecretAccessKey: pair.secret}
	err := v4.NewSigner().SignHTTP(context.Background(), credentials, again, hex.EncodeToString(sum[:]), s.service, s.region, s.at)
	if err != nil || !strings.HasSuffix(again.Header.Get("Authorization"), "Signature="+s.sum) {
		return f
	}
	return nil
}

// request is what was signed: the path as it was sent, and the signed fields.
func (s *signed) request(c *call) *http.Request {
	host := string(c.field("host"))
	r := &http.Request{
		Method: string(c.method), Host: host, Header: http.Header{},
		URL: &url.URL{Scheme: "https", Host: host, Opaque: "//" + host + string(c.path), RawQuery: string(c.query)},
	}
	for _, field := range parseHeaders(c.header) {
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
