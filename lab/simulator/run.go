package simulator

import (
	"context"
	"fmt"
	"io"
)

// Run runs a simulator until ctx ends, after telling out where it is and how to use it.
func Run(ctx context.Context, o Options, out io.Writer) error {
	s, err := Start(o)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, hints, s.URL())
	if err == nil {
		<-ctx.Done()
	}
	if closing := s.Close(); err == nil {
		err = closing
	}
	return err
}

const hints = `simulated providers at %[1]s
try it:    curl -s %[1]s/v1/messages -H 'x-api-key: sk-a' -H 'anthropic-version: 2023-06-01' -d '{"model":"claude-sonnet-5","max_tokens":64,"messages":[{"role":"user","content":"ping"}]}'
script it: curl -s %[1]s/_sim/script --data '529*2,stall(after=3,for=3s),ok'   and see %[1]s/_sim/requests
`
