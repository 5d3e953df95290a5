package bedrock

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"crs/internal/account"
	"crs/proxyengine/provider"
)

// authorize adds the account's credential to a request that is otherwise ready.
func (p *Provider) authorize(out *provider.Outbound, acc *account.Account) error {
	c, err := readCredential(acc)
	if err != nil {
		return fmt.Errorf("account %s: %w", acc.Name, err)
	}
	if c.bearer != "" {
		out.Header = append(out.Header, provider.Bearer(c.bearer))
		return nil
	}
	if err := p.sign(out, c.keys, acc.Options["region"]); err != nil {
		return fmt.Errorf("account %s: %w", acc.Name, err)
	}
	return nil
}

// signed are the fields of which the signature speaks, besides the host. Proxies on the way may change the others.
func signed(name string) bool {
	return name == "content-type" || strings.HasPrefix(name, "x-amz")
}

// sign adds AWS's signature, version 4 (protocols.md, C.4). The signer escapes the path once more, as services other than
// S3 want it. Of the request it is shown what it signs, and no length: it would sign that too.
func (p *Provider) sign(out *provider.Outbound, keys aws.Credentials, region string) error {
	u, err := url.Parse("https://" + out.Endpoint.Host + out.Target)
	if err != nil {
		return errors.New("the address of the request cannot be signed")
	}
	sum := sha256.New()
	for _, part := range out.Body {
		_, _ = sum.Write(part) // never fails
	}
	hash := hex.EncodeToString(sum.Sum(nil))
	out.Header = append(out.Header, provider.Field{Name: "x-amz-content-sha256", Value: hash})
	r := &http.Request{Method: out.Method, URL: u, Host: out.Endpoint.Host, Header: http.Header{}}
	for _, f := range out.Header {
		if signed(f.Name) {
			r.Header.Set(f.Name, f.Value)
		}
	}
	if err := p.signer.SignHTTP(context.Background(), keys, r, hash, "bedrock", region, p.now()); err != nil {
		return errors.New("the request could not be signed")
	}
	for _, name := range []string{"x-amz-date", "x-amz-security-token", "authorization"} {
		if value := r.Header.Get(name); value != "" {
			out.Header = append(out.Header, provider.Field{Name: name, Value: value})
		}
	}
	return nil
}
