// Package awstest has AWS's own client for Bedrock, for tests that compare with it.
package awstest

import (
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
)

// Key is an access key; Session is empty for one that lasts.
type Key struct {
	ID, Secret, Session string
}

// Bedrock is a client of the server at url, which sends each request once and signs it with k.
func Bedrock(url string, k Key, over *http.Client) *bedrockruntime.Client {
	return bedrockruntime.New(bedrockruntime.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(url), HTTPClient: plainBodies{over}, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(k.ID, k.Secret, k.Session),
	})
}

// plainBodies hides the WriteTo of AWS's request bodies. AWS's client (smithy-go 1.28.9) closes the request's body as soon
// as the answer's head is there; a WriteTo that net/http begins after that returns io.EOF, which net/http takes for a
// failed request, and it closes the connection in the middle of the answer. A Read that returns io.EOF is fine.
type plainBodies struct{ *http.Client }

func (c plainBodies) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return c.Client.Do(r)
}
