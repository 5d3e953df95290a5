package simulator_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"
	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
	"github.com/aws/smithy-go"

	"crs/lab/awstest"
	"crs/lab/simulator"
)

const claude = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"

// aws is AWS's own client with an access key, pointed at the simulator.
func (s *sim) aws(id, secret, session string) *bedrockruntime.Client {
	return awstest.Bedrock(s.URL(), awstest.Key{ID: id, Secret: secret, Session: session}, s.client)
}

func invocation() *bedrockruntime.InvokeModelInput {
	return &bedrockruntime.InvokeModelInput{ModelId: aws.String(claude), Body: []byte(askBedrock), ContentType: aws.String("application/json")}
}

func streamed() *bedrockruntime.InvokeModelWithResponseStreamInput {
	return &bedrockruntime.InvokeModelWithResponseStreamInput{ModelId: aws.String(claude), Body: []byte(askBedrock), ContentType: aws.String("application/json")}
}

func TestAWSsOwnClientInvokesAModel(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	s.AddAccessKey("AKIASIM", "secret/with+signs", "")
	s.AddAccessKey("ASIASIM", "another", "a session's token==")
	for _, c := range []*bedrockruntime.Client{s.aws("AKIASIM", "secret/with+signs", ""), s.aws("ASIASIM", "another", "a session's token==")} {
		out, err := c.InvokeModel(t.Context(), invocation())
		if err != nil {
			t.Fatal(err)
		}
		var m struct {
			ID, Model string
			Content   []struct{ Text string }
		}
		if err := json.Unmarshal(out.Body, &m); err != nil || !strings.HasPrefix(m.ID, "msg_bdrk_") || m.Model != "claude-sonnet-4-5-20250929" ||
			m.Content[0].Text != "pong — the simulator heard you." || aws.ToString(out.ContentType) != "application/json" {
			t.Errorf("%v %s", err, out.Body)
		}
	}
	q := s.last()
	if q.Account != "ASIASIM" || q.Credential != "ASIASIM" || q.Model != claude || q.Path != "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke" {
		t.Errorf("recorded %+v", q)
	}
	if got := s.Served(); got["AKIASIM"].Tokens != simulator.DefaultUsage() || got["ASIASIM"].Requests != 1 {
		t.Errorf("billed %+v", got)
	}
}

func TestAWSsOwnClientReadsAStream(t *testing.T) {
	t.Parallel()
	s := start(t, "ok(thinking,tool,events=20)")
	s.AddAccessKey("AKIASIM", "secret", "")
	out, err := s.aws("AKIASIM", "secret", "").InvokeModelWithResponseStream(t.Context(), streamed())
	if err != nil {
		t.Fatal(err)
	}
	stream := out.GetStream()
	defer stream.Close()
	var kinds []string
	var text, last string
	for event := range stream.Events() {
		data := event.(*types.ResponseStreamMemberChunk).Value.Bytes
		var e struct {
			Type  string
			Delta struct{ Text string }
		}
		if err := json.Unmarshal(data, &e); err != nil {
			t.Fatalf("%v in %q", err, data)
		}
		if len(kinds) == 0 || kinds[len(kinds)-1] != e.Type {
			kinds = append(kinds, e.Type)
		}
		text += e.Delta.Text
		last = string(data)
	}
	if err := stream.Err(); err != nil {
		t.Error(err)
	}
	const block = " content_block_start content_block_delta content_block_stop"
	if got := strings.Join(kinds, " "); got != "message_start ping"+block+block+block+" message_delta message_stop" || len(text) != 160 {
		t.Errorf("events %s, text %q", got, text)
	}
	if last != `{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":12,"outputTokenCount":34,"invocationLatency":42,`+
		`"firstByteLatency":7,"cacheReadInputTokenCount":9012,"cacheWriteInputTokenCount":638}}` {
		t.Errorf("the last event is %s", last)
	}
	if q := s.last(); q.Outcome != simulator.Served || s.Served()["AKIASIM"].Tokens != simulator.DefaultUsage() {
		t.Errorf("recorded %+v, billed %+v", q, s.Served())
	}
}

func TestAWSsOwnClientKnowsTheErrors(t *testing.T) {
	t.Parallel()
	s := start(t, "429,403(expired),400(ondemand),503,424(stream)")
	s.AddAccessKey("AKIASIM", "secret", "")
	c := s.aws("AKIASIM", "secret", "")
	for _, want := range []string{"ThrottlingException", "ExpiredTokenException", "ValidationException", "ServiceUnavailableException", "ModelStreamErrorException"} {
		_, err := c.InvokeModel(t.Context(), invocation())
		var known smithy.APIError
		if !errors.As(err, &known) || known.ErrorCode() != want || known.ErrorMessage() == "" {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for _, c := range []struct {
		client *bedrockruntime.Client
		want   string
	}{
		{s.aws("AKIASIM", "wrong", ""), "InvalidSignatureException"},
		{s.aws("AKIASIM", "secret", "uninvited"), "UnrecognizedClientException"},
		{s.aws("AKIAXXX", "secret", ""), "UnrecognizedClientException"},
	} {
		_, err := c.client.InvokeModel(t.Context(), invocation())
		var known smithy.APIError
		if !errors.As(err, &known) || known.ErrorCode() != c.want {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

func TestAWSsOwnClientNoticesFaultsInAStream(t *testing.T) {
	t.Parallel()
	s := start(t, "error(overloaded_error,after=2),error(InternalFailure,after=1),badcrc(after=3),cut(after=4),crlf,split")
	c := s.aws("AKIASIM", "secret", "")
	for _, want := range []struct {
		step, says string
		events     int
	}{
		{"error", "ServiceUnavailableException", 5},
		{"an error frame", "InternalFailure", 4},
		{"badcrc", "checksum", 3},
		{"cut", "", 4}, // it takes any end of the body for the end of the stream; raw clients see that it is none
		{"crlf", "", 10},
		{"split", "", 10},
	} {
		out, err := c.InvokeModelWithResponseStream(t.Context(), streamed())
		if err != nil {
			t.Fatalf("%s: %v", want.step, err)
		}
		stream, events := out.GetStream(), 0
		for range stream.Events() {
			events++
		}
		err = stream.Err()
		if (err == nil) != (want.says == "") || err != nil && !strings.Contains(err.Error(), want.says) || events != want.events {
			t.Errorf("%s: %d events, then %v; want %d and %q", want.step, events, err, want.events, want.says)
		}
		stream.Close()
	}
	for i, q := range s.idle() {
		if (q.Outcome == simulator.Served) != (i >= 4) {
			t.Errorf("%s was recorded as %s", q.Step, q.Outcome)
		}
	}
}

func TestAnyBearerTokenIsGoodAtBedrockUntilOneIsRegistered(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	s.AddBedrockKey("ABSK-a")
	if a := s.bedrock("invoke", askBedrock); a.status != 200 {
		t.Errorf("the registered one: %d %s", a.status, a.body)
	}
	a := s.do("POST", bedrockModel+"invoke", askBedrock, "authorization: Bearer ABSK-b")
	if a.status != 403 || !strings.HasPrefix(a.header.Get("x-amzn-errortype"), "AccessDeniedException:") {
		t.Errorf("another one: %d %s", a.status, a.body)
	}
}
