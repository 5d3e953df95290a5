package translate

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// emitter stands between a decoder and an encoder: it knows whether the answer has begun or ended, and makes up what the
// upstream did not say.
type emitter struct {
	encoder
	model string // as the client asked for it
	own   bool   // the answer is in that model's name: Claude Code drops the thoughts of any other
	now   func() time.Time
	begun bool
	over  bool
	spare text // an id, for an upstream that gives none
	calls int
	named string // what the ids of calls begin with that are made up

	gathers bool // the encoder keeps all that it is told, until the end
	kept    int  // about how many bytes were told that somebody keeps
}

// callFrame is about what a call takes without its arguments.
const callFrame = 256

// text implements encoder. Nothing is told of what says nothing.
func (v *emitter) text(t text) {
	if len(t) == 0 {
		return
	}
	if v.gathers {
		v.kept += len(t)
	}
	v.encoder.text(t)
}

// think implements encoder. Thoughts are kept until they are sealed.
func (v *emitter) think(t text) {
	if len(t) == 0 {
		return
	}
	v.kept += len(t)
	v.encoder.think(t)
}

// args implements encoder. Arguments are kept until it is another call's turn.
func (v *emitter) args(t text) {
	v.kept += len(t)
	v.encoder.args(t)
}

// picture implements encoder.
func (v *emitter) picture(mime string, data text) {
	if v.gathers {
		v.kept += len(data)
	}
	v.encoder.picture(mime, data)
}

// first takes the first bytes of an answer, of which an id can be made.
func (v *emitter) first(data []byte) {
	if v.spare == nil {
		sum := sha256.Sum256(append([]byte(v.now().UTC().Format(time.RFC3339Nano)), data...))
		v.spare = text(hex.EncodeToString(sum[:12]))
	}
}

// begin implements encoder; only the first time counts.
func (v *emitter) begin(h head) {
	if v.begun {
		return
	}
	v.begun = true
	if len(h.id) == 0 {
		h.id = v.spare
	}
	v.spare = bytes.Clone(h.id)
	if v.own || len(h.model) == 0 {
		h.model = escaped([]byte(v.model))
	}
	if h.created == 0 {
		h.created = v.now().Unix()
	}
	v.encoder.begin(h)
}

// call implements encoder. An upstream that gives no id gets one made of the answer's.
func (v *emitter) call(id string, name, sign text) {
	v.calls++
	v.kept += callFrame
	if id == "" {
		id = v.madeID()
	}
	v.encoder.call(id, name, sign)
}

func (v *emitter) madeID() string {
	sum := sha256.Sum256(append(bytes.Clone(v.spare), byte(v.calls), byte(v.calls>>8)))
	return v.named + hex.EncodeToString(sum[:12])
}

func (v *emitter) end(e ending) {
	v.begin(head{})
	v.over = true
	v.encoder.end(e)
}

func (v *emitter) fail(f failure) {
	v.over = true
	v.encoder.fail(f)
}
