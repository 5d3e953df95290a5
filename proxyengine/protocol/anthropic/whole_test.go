package anthropic

import (
	"fmt"
	"strings"
	"testing"

	"crs/proxyengine/provider"
)

// TestALargeAnswerIsCountedWithoutBeingKept: what comes of it is the same as of a small one, cut anywhere, and what is kept
// does not grow with it.
func TestALargeAnswerIsCountedWithoutBeingKept(t *testing.T) {
	t.Parallel()
	for _, size := range []int{10, keepUpTo - 200, keepUpTo, 3 << 20} {
		for _, cut := range []int{1, 7, 4096} {
			if cut == 1 && size > keepUpTo {
				continue
			}
			t.Run(fmt.Sprint(size, " by ", cut), func(t *testing.T) {
				t.Parallel()
				body := `{"type":"message","model":"claude-x","content":[{"type":"text","text":"` + strings.Repeat(`a\"`, size/3) +
					`"}],"usage":{"input_tokens":11,"output_tokens":7}}`
				m := &jsonMeter{}
				most := feedIn(m, body, cut)
				if !m.Complete() || m.Failure() != nil || most > 4*keepUpTo {
					t.Errorf("whole %v, failure %.50s, it held %d bytes", m.Complete(), m.Failure(), most)
				}
				if c := m.End(); c.Tokens.Input != 11 || c.Tokens.Output != 7 || c.Model != "claude-x" || !c.Complete || len(c.Raw) == 0 {
					t.Errorf("%+v", c)
				}
			})
		}
	}
}

func TestALargeErrorIsOne(t *testing.T) {
	t.Parallel()
	m := &jsonMeter{}
	feedIn(m, `{"type":"error","padding":"`+strings.Repeat("x", 1<<20)+`","error":{"type":"overloaded_error","message":"busy"}}`, 4096)
	if got := string(m.Failure()); got != `{"type":"error","error":{"type":"overloaded_error","message":"busy"}}` {
		t.Errorf("the failure is %.200s", got)
	}
}

// TestForgettingCostsNoFigures: the members that matter are small.
func TestForgettingCostsNoFigures(t *testing.T) {
	t.Parallel()
	m := &jsonMeter{}
	for _, part := range []string{`{"type":"mess`, `age","model":"m","usage":{"input_tokens":3,`, `"output_tokens":4}`, `}`} {
		m.Feed([]byte(part))
		if part != `}` && strings.HasPrefix(part, "{") {
			m.Forget()
		}
	}
	if c := m.End(); c.Tokens.Input != 3 || c.Tokens.Output != 4 {
		t.Errorf("%+v", c)
	}
}

// feedIn feeds a text in pieces and gives the most that the meter held.
func feedIn(m provider.Meter, text string, piece int) (most int) {
	for from := 0; from < len(text); from += piece {
		m.Feed([]byte(text[from:min(from+piece, len(text))]))
		most = max(most, m.Holds())
	}
	return most
}
