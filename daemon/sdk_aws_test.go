package daemon_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"

	"crs/ctl"
	"crs/internal/sse"
	"crs/lab/awstest"
	"crs/lab/crstest"
)

const awsID, awsSecret = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

// TestAWSsDecoderReadsWhatClientsGet compares a stream that AWS's own library has taken out of its frames with the one that
// a client gets through the relay, event by event, for both kinds of keys.
func TestAWSsDecoderReadsWhatClientsGet(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Script(thinks)
	b.Sim.AddAccessKey(awsID, awsSecret, "")
	b.Sim.AddBedrockKey("ABSK-b")
	keys := func(key, auth string) func(*ctl.NewAccount) {
		return func(a *ctl.NewAccount) {
			a.APIKey, a.Options = key, map[string]string{"region": "eu-central-1", "auth": auth}
		}
	}
	b.AccountOn("bedrock", "signed", keys(awsID+":"+awsSecret, "sigv4"))
	b.AccountOn("bedrock", "bearer", keys("ABSK-b", "bearer"))
	want := decodedByAWS(t, b)
	if len(want) < 15 {
		t.Fatalf("only %d events", len(want))
	}
	for _, name := range []string{"signed", "bearer"} {
		key := b.Key("of-"+name, func(k *ctl.NewKey) { k.Account = &name })
		a := b.Post(key, strings.Replace(crstest.Stream, "claude-opus-4-8", "claude-sonnet-4-5", 1))
		if a.Status != http.StatusOK || a.Err != nil {
			t.Fatalf("%s: %d %s", name, a.Status, a.Body)
		}
		if got := eventsOf(t, a.Body); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the client got\n%v\nAWS's library reads\n%v", name, got, want)
		}
	}
}

// decodedByAWS asks the simulated Bedrock itself.
func decodedByAWS(t *testing.T, b *crstest.Box) []map[string]any {
	t.Helper()
	c := awstest.Bedrock(b.Sim.URL(), awstest.Key{ID: awsID, Secret: awsSecret}, client(t))
	out, err := c.InvokeModelWithResponseStream(t.Context(), &bedrockruntime.InvokeModelWithResponseStreamInput{
		ModelId: aws.String("eu.anthropic.claude-sonnet-4-5-20250929-v1:0"), ContentType: aws.String("application/json"),
		Body: []byte(`{"anthropic_version":"bedrock-2023-05-31","max_tokens":64,"messages":[{"role":"user","content":"say ping"}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	stream := out.GetStream()
	defer func() { _ = stream.Close() }()
	var all []map[string]any
	for e := range stream.Events() {
		all = append(all, event(t, e.(*types.ResponseStreamMemberChunk).Value.Bytes))
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func eventsOf(t *testing.T, body string) []map[string]any {
	t.Helper()
	var all []map[string]any
	scan := sse.Scanner{On: func(e sse.Event) {
		got := event(t, e.Data)
		if got["type"] != string(e.Name) {
			t.Errorf("%s is called %s", got["type"], e.Name)
		}
		all = append(all, got)
	}}
	scan.Feed([]byte(body))
	return all
}

// event is one event without what differs from answer to answer, and without Bedrock's own figures, which are no client's.
func event(t *testing.T, data []byte) map[string]any {
	t.Helper()
	var e map[string]any
	if err := json.Unmarshal(data, &e); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	delete(e, "amazon-bedrock-invocationMetrics")
	if m, ok := e["message"].(map[string]any); ok {
		delete(m, "id")
	}
	if block, ok := e["content_block"].(map[string]any); ok {
		delete(block, "id")
	}
	return e
}
