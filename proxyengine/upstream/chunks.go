package upstream

import "errors"

var errChunk = errors.New("bad chunk framing")

// chunks takes HTTP/1.1 chunked framing off a stream, in place: what it is given shrinks to its payload. Its zero value
// stands before the first chunk. It is plain state, so that input may be cut anywhere.
type chunks struct {
	state chunkState
	left  int64 // bytes of the current chunk still to come
	size  int64 // size line so far
	any   bool  // the size line has a digit
	blank bool  // the trailer line so far is empty
	noise int   // bytes of extensions and trailers since the last size
}

type chunkState uint8

const (
	inSize chunkState = iota
	inExtension
	inData
	afterData // the line end behind the data
	inTrailer
	ended
)

// maxChunk is beyond any real chunk and keeps the size from overflowing.
const maxChunk = 1 << 40

// maxNoise bounds what stands between two chunks besides a size: nothing reads it.
const maxNoise = 16 << 10

// compact moves the payload in b to its front. payload is how many bytes that are; consumed is how much of b was looked
// at, which is all of it unless the last chunk has ended.
func (c *chunks) compact(b []byte) (payload, consumed int, err error) {
	i := 0
	for i < len(b) && c.state != ended {
		if c.state == inData {
			n := int(min(c.left, int64(len(b)-i)))
			if i != payload {
				copy(b[payload:], b[i:i+n])
			}
			payload, i = payload+n, i+n
			if c.left -= int64(n); c.left == 0 {
				c.state = afterData
			}
			continue
		}
		if err := c.framing(b[i]); err != nil {
			return payload, i, err
		}
		i++
	}
	return payload, i, nil
}

// framing takes one byte that is not payload.
func (c *chunks) framing(b byte) error {
	if c.noise++; c.noise > maxNoise {
		return errChunk
	}
	switch c.state {
	case inSize:
		return c.sizeByte(b)
	case inExtension:
		if b == '\n' {
			c.endSize()
		}
	case afterData:
		switch b {
		case '\r':
		case '\n':
			c.state = inSize
		default:
			return errChunk
		}
	case inTrailer:
		c.trailerByte(b)
	}
	return nil
}

func (c *chunks) sizeByte(b byte) error {
	switch digit := unhex(b); {
	case digit >= 0:
		c.any = true
		if c.size = c.size<<4 | int64(digit); c.size > maxChunk {
			return errChunk
		}
	case !c.any:
		return errChunk
	case b == '\n':
		c.endSize()
	case b == ';' || b == '\r' || b == ' ' || b == '\t':
		c.state = inExtension
	default:
		return errChunk
	}
	return nil
}

func (c *chunks) endSize() {
	c.left, c.size, c.any, c.noise = c.size, 0, false, 0
	c.state = inData
	if c.left == 0 {
		c.state, c.blank = inTrailer, true
	}
}

// trailerByte reads over trailer fields: nothing in the relay's protocols uses them.
func (c *chunks) trailerByte(b byte) {
	switch {
	case b == '\n' && c.blank:
		c.state = ended
	case b == '\n':
		c.blank = true
	case b != '\r':
		c.blank = false
	}
}

func unhex(b byte) int {
	switch {
	case '0' <= b && b <= '9':
		return int(b - '0')
	case 'a' <= b|0x20 && b|0x20 <= 'f':
		return int(b|0x20-'a') + 10
	}
	return -1
}
