package translate

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// teller stands between a source and a voice: it knows whether the answer has begun or ended, and makes up what the
// upstream did not say.
type teller struct {
	voice
	model string // as the client asked for it
	own   bool   // the answer is in that model's name: Claude Code drops the thoughts of any other
	now   func() time.Time
	begun bool
	over  bool
	spare text // an id, for an upstream that gives none
	calls int
	named string // what the ids of calls begin with that are made up

	gathers bool // the voice keeps all that it is told, until the end
	kept    int  // about how many bytes were told that somebody keeps
}

// callFrame is about what a call takes without its arguments.
const callFrame = 256

// text implements voice.
func (v *teller) text(t text) {
	if v.gathers {
		v.kept += len(t)
	}
	v.voice.text(t)
}

// think implements voice. Thoughts are kept until they are sealed.
func (v *teller) think(t text) {
	v.kept += len(t)
	v.voice.think(t)
}

// args implements voice. Arguments are kept until it is another call's turn.
func (v *teller) args(t text) {
	v.kept += len(t)
	v.voice.args(t)
}

// picture implements voice.
func (v *teller) picture(mime string, data text) {
	if v.gathers {
		v.kept += len(data)
	}
	v.voice.picture(mime, data)
}

// first takes the first bytes of an answer, of which an id can be made.
func (v *teller) first(data []byte) {
	if v.spare == nil {
		sum := sha256.Sum256(append([]byte(v.now().UTC().Format(time.RFC3339Nano)), data...))
		v.spare = text(hex.EncodeToString(sum[:12]))
	}
}

// begin implements voice; only the first time counts.
func (v *teller) begin(h head) {
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
	v.voice.begin(h)
}

// call implements voice. An upstream that gives no id gets one made of the answer's.
func (v *teller) call(id string, name, sign text) {
	v.calls++
	v.kept += callFrame
	if id == "" {
		id = v.madeID()
	}
	v.voice.call(id, name, sign)
}

func (v *teller) madeID() string {
	sum := sha256.Sum256(append(bytes.Clone(v.spare), byte(v.calls), byte(v.calls>>8)))
	return v.named + hex.EncodeToString(sum[:12])
}

func (v *teller) end(e ending) {
	v.begin(head{})
	v.over = true
	v.voice.end(e)
}

func (v *teller) fail(f failure) {
	v.over = true
	v.voice.fail(f)
}
