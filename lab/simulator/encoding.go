package simulator

import (
	"bytes"
	"compress/gzip"
	"unicode/utf8"

	"crs/lab/simulator/provider"
)

// encoding is what becomes of the body on its way to the wire.
type encoding struct {
	zip    *gzip.Writer
	zipped bytes.Buffer
	lines  []byte // the last event, with its line ends rewritten
	rest   []byte // of a split body: not sent yet
	cuts   int    // fragments sent of a split body
}

// encodeWhole turns the body of an answer that is no stream into what the step makes of it.
func (o *sender) encodeWhole(body []byte) []byte {
	switch o.step.Verb {
	case provider.DoGzip:
		zipped := bytes.Clone(o.zippedPart(body))
		return append(zipped, o.remainder()...)
	case provider.DoGarbage:
		o.spoilt = true
		if o.step.Word == "json" {
			return body[:len(body)/2]
		}
	case provider.DoEmpty:
		o.spoilt = true
		return nil
	}
	return body
}

// encode does the same for one event of a stream. The result is good until the next event.
func (o *sender) encode(p []byte) []byte {
	switch {
	case o.step.Verb == provider.DoCRLF && !o.call.Reply.Framed:
		o.lines = o.lines[:0]
		for line := range bytes.SplitAfterSeq(p, []byte{'\n'}) {
			o.lines = append(o.lines, bytes.TrimRight(line, "\r\n")...)
			if bytes.HasSuffix(line, []byte{'\n'}) {
				o.lines = append(o.lines, '\r', '\n')
			}
		}
		return o.lines
	case o.step.Verb == provider.DoGzip:
		return o.zippedPart(p)
	}
	return p
}

// zippedPart compresses p and flushes, so that whoever unzips can read all of it.
func (o *sender) zippedPart(p []byte) []byte {
	if o.zip == nil {
		o.zip, _ = gzip.NewWriterLevel(&o.zipped, gzip.BestSpeed) // the level is a good one
	}
	o.zipped.Reset()
	_, _ = o.zip.Write(p) // a buffer takes everything
	_ = o.zip.Flush()
	return o.zipped.Bytes()
}

// remainder is what an encoding still holds when the body is over.
func (o *sender) remainder() []byte {
	if o.zip != nil {
		o.zipped.Reset()
		_ = o.zip.Close() // into a buffer
		o.zip = nil
		return o.zipped.Bytes()
	}
	return o.rest
}

// put sends bytes of the body, in fragments where the step wants them.
func (o *sender) put(p []byte) error {
	switch {
	case o.step.Verb == provider.DoDrip:
		return o.drip(p)
	case o.step.Verb == provider.DoSplit:
		return o.split(p)
	}
	o.frame(p)
	if len(o.buf) < flushAt {
		return nil
	}
	return o.flush()
}

func (o *sender) drip(p []byte) error {
	for i := range p {
		if err := o.flush(); err != nil {
			return err
		}
		o.frame(p[i : i+1])
		if err := o.pause(o.step.Wait); err != nil {
			return err
		}
	}
	return nil
}

// split sends all of p but its end, which goes with the beginning of the next part, so that fragments span events.
func (o *sender) split(p []byte) error {
	o.rest = append(o.rest, p...)
	for n := o.cut(); n < len(o.rest); n = o.cut() {
		if err := o.flush(); err != nil {
			return err
		}
		o.frame(o.rest[:n])
		o.rest = o.rest[n:]
		o.cuts++
		if err := o.pause(o.step.Wait); err != nil {
			return err
		}
	}
	return nil
}

// cut is the length of the next fragment: one of a few odd ones, or less to cut the first long character in two.
func (o *sender) cut() int {
	lengths := [...]int{1, 7, 2, 19, 3, 31}
	n := lengths[o.cuts%len(lengths)]
	for i, c := range o.rest[:min(n, len(o.rest))] {
		if utf8.RuneStart(c) && c >= utf8.RuneSelf {
			return i + 1
		}
	}
	return n
}
