package bedrock_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"encoding/binary"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"

	"crs/proxyengine/protocol/anthropic"
	"crs/proxyengine/provider"
)

// The frames of protocols.md, L.3.
const (
	noHeaders    = "0000001e00000000baf2f68a7b22666f6f223a2022626172227dae7258e4"
	stopFrame    = "000000870000004b87ea2bf30b3a6576656e742d747970650700056368756e6b0d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d74797065070005" + "6576656e747b226279746573223a2265794a306558426c496a6f696257567a6332466e5a56397a64473977496e303d227dba48ab22"
	throttlingEx = "00000090000000618e91a9b70f3a657863657074696f6e2d747970650700137468726f74746c696e67457863657074696f6e0d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d74797065070009657863657074696f6e7b226d657373616765223a22546f6f206d616e79207265717565737473227de67f8005"
)

func fromHex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// encodeFrame makes a frame with AWS's own encoder; headers come in pairs.
func encodeFrame(t testing.TB, payload string, headers ...string) []byte {
	t.Helper()
	m := eventstream.Message{Payload: []byte(payload)}
	for i := 0; i < len(headers); i += 2 {
		m.Headers.Set(headers[i], eventstream.StringValue(headers[i+1]))
	}
	var b bytes.Buffer
	if err := eventstream.NewEncoder().Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func chunk(t testing.TB, data string) []byte {
	t.Helper()
	payload := fmt.Sprintf(`{"bytes":%q,"p":"abcdefgh"}`, base64.StdEncoding.EncodeToString([]byte(data)))
	return encodeFrame(t, payload, ":event-type", "chunk", ":content-type", "application/json", ":message-type", "event")
}

func newStream(t testing.TB) provider.Transformer {
	t.Helper()
	header := provider.Header{{Name: "Content-Type", Value: "application/vnd.amazon.eventstream"}}
	r, ok := newProvider(t).Meter(&provider.Intent{Service: anthropic.Messages, Stream: true}, newAccount(), header).(provider.Transformer)
	if !ok {
		t.Fatal("a stream is not reshaped")
	}
	return r
}

// feed gives the stream piece by piece, and what comes out.
func feed(r provider.Transformer, stream []byte, size int) (out string, err error) {
	for len(stream) > 0 && err == nil {
		n := min(size, len(stream))
		piece := bytes.Clone(stream[:n])
		r.Feed(piece)
		clear(piece) // it keeps none of them
		var b []byte
		b, err = r.Output()
		out += string(b)
		stream = stream[n:]
	}
	if err == nil {
		var b []byte
		b, err = r.Finish()
		out += string(b)
	}
	return out, err
}

func TestTheReferenceFrames(t *testing.T) {
	t.Parallel()
	stream := append(fromHex(t, noHeaders), fromHex(t, stopFrame)...)
	for size := 1; size <= len(stream); size++ {
		got, err := feed(newStream(t), stream, size)
		if want := "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"; err != nil || got != want {
			t.Fatalf("in pieces of %d: %q, %v", size, got, err)
		}
	}
	failed := newStream(t)
	got, err := feed(failed, fromHex(t, throttlingEx), 7)
	const event = `{"type":"error","error":{"type":"rate_limit_error","message":"Too many requests"}}`
	if want := "event: error\ndata: " + event + "\n\n"; err != nil || got != want || string(failed.Failure()) != event || failed.HasContent() {
		t.Errorf("%q, %v, failure %s", got, err, failed.Failure())
	}
}

func TestAWSsOwnDecoderReadsTheSame(t *testing.T) {
	t.Parallel()
	const data = `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"é"}}`
	var m eventstream.Headers
	m.Set("a-bool", eventstream.BoolValue(true))
	m.Set("no-bool", eventstream.BoolValue(false))
	m.Set("i8", eventstream.Int8Value(1))
	m.Set("i16", eventstream.Int16Value(2))
	m.Set("i32", eventstream.Int32Value(3))
	m.Set("i64", eventstream.Int64Value(4))
	m.Set("bytes", eventstream.BytesValue([]byte{1, 2, 3}))
	m.Set("at", eventstream.TimestampValue(now))
	m.Set("uuid", eventstream.UUIDValue{7})
	m.Set(":event-type", eventstream.StringValue("chunk"))
	m.Set(":message-type", eventstream.StringValue("event"))
	payload := fmt.Sprintf(`{"bytes":%q}`, base64.StdEncoding.EncodeToString([]byte(data)))
	var wire bytes.Buffer
	if err := eventstream.NewEncoder().Encode(&wire, eventstream.Message{Headers: m, Payload: []byte(payload)}); err != nil {
		t.Fatal(err)
	}
	r := newStream(t)
	r.Feed(wire.Bytes())
	got, err := r.Output()
	if want := "event: content_block_delta\ndata: " + data + "\n\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v", got, err)
	}
	for _, text := range []string{noHeaders, stopFrame, throttlingEx} {
		if _, err := eventstream.NewDecoder().Decode(bytes.NewReader(fromHex(t, text)), nil); err != nil {
			t.Errorf("AWS's decoder refuses a reference frame: %v", err)
		}
	}
}

// sealed corrects both checksums of a frame.
func sealed(frame []byte) []byte {
	binary.BigEndian.PutUint32(frame[8:], crc32.ChecksumIEEE(frame[:8]))
	end := len(frame) - 4
	binary.BigEndian.PutUint32(frame[end:], crc32.ChecksumIEEE(frame[:end]))
	return frame
}

func TestFramesThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	changed := func(change func(b []byte)) []byte {
		b := fromHex(t, stopFrame)
		change(b)
		return b
	}
	lengths := func(all, headers uint32) []byte {
		b := make([]byte, 16)
		binary.BigEndian.PutUint32(b, all)
		binary.BigEndian.PutUint32(b[4:], headers)
		return sealed(b)
	}
	for name, c := range map[string]struct {
		stream []byte
		says   string
	}{
		"lengths changed":         {changed(func(b []byte) { b[3]++ }), "checksum of a frame's lengths"},
		"payload changed":         {changed(func(b []byte) { b[100]++ }), "a frame's checksum is wrong"},
		"too short":               {lengths(15, 0), "a frame of 15 bytes"},
		"too long":                {lengths(16<<20+1, 0), "a frame of 16777217 bytes"},
		"headers beyond the end":  {lengths(16, 1), "1 bytes of headers in a frame of 16"},
		"headers too long":        {lengths(1<<20, 200<<10), "204800 bytes of headers"},
		"a header of no name":     {changed(func(b []byte) { b[12] = 0; sealed(b) }), "headers are broken"},
		"a header beyond the end": {changed(func(b []byte) { b[12] = 200; sealed(b) }), "headers are broken"},
		"a header of no type":     {changed(func(b []byte) { b[24] = 10; sealed(b) }), "headers are broken"},
		"a value beyond the end":  {changed(func(b []byte) { b[25] = 9; sealed(b) }), "headers are broken"},
		"no bytes":                {encodeFrame(t, `{"p":"x"}`, ":message-type", "event", ":event-type", "chunk"), "a chunk without bytes"},
		"no base64":               {encodeFrame(t, `{"bytes":"!"}`, ":message-type", "event", ":event-type", "chunk"), "not base64"},
		"no event":                {chunk(t, `{"index":0}`), "no event"},
		"no JSON":                 {chunk(t, `{"type":"ping"`), "no event"},
		"cut":                     {fromHex(t, stopFrame)[:134], "ends within a frame"},
		"cut in the lengths":      {fromHex(t, stopFrame)[:5], "ends within a frame"},
		"without an end":          {chunk(t, `{"type":"ping"}`), "without message_stop"},
		"nothing":                 {nil, "without message_stop"},
	} {
		for _, size := range []int{1, 5, 1 << 20} {
			_, err := feed(newStream(t), c.stream, size)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s, in pieces of %d: %v", name, size, err)
			}
		}
	}
}

func TestEventsBeforeNonsenseStillComeOut(t *testing.T) {
	t.Parallel()
	r := newStream(t)
	r.Feed(append(chunk(t, `{"type":"ping"}`), make([]byte, 16)...))
	got, err := r.Output()
	if string(got) != "event: ping\ndata: {\"type\":\"ping\"}\n\n" || err == nil {
		t.Errorf("%q, %v", got, err)
	}
	r.Feed(chunk(t, `{"type":"ping"}`))
	if again, err := r.Output(); len(again) > 0 || err == nil {
		t.Errorf("behind nonsense: %q, %v", again, err)
	}
}

// Whatever comes, however it is cut: no panic, and the same result as in one piece.
func FuzzFrames(f *testing.F) {
	for _, seed := range []string{noHeaders, stopFrame, throttlingEx, noHeaders + stopFrame, stopFrame[:100]} {
		f.Add(fromHex(f, seed), 3)
	}
	f.Add(append(chunk(f, `{"type":"message_start","message":{"model":"us.anthropic.claude-sonnet-4-6"}}`), chunk(f, `{"type":"message_stop","amazon-bedrock-invocationMetrics":{}}`)...), 50)
	f.Add(sealed(make([]byte, 16)), 1)
	f.Add([]byte("000000000000"), 6)
	f.Fuzz(func(t *testing.T, stream []byte, size int) {
		size = max(size, 1)
		if len(stream) >= 16 && int(binary.BigEndian.Uint32(stream)) == len(stream) {
			sealed(stream) // or hardly anything would get past the checksums
		}
		whole, err := feed(newStream(t), stream, len(stream)+1)
		pieces, err2 := feed(newStream(t), stream, size)
		if whole != pieces || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("whole: %q, %v\nin pieces of %d: %q, %v", whole, err, size, pieces, err2)
		}
	})
}
