package proxyengine

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/tidwall/gjson"

	"crs/internal/account"
	"crs/proxyengine/provider"
)

// Tested is what came of a trial of an account.
type Tested struct {
	OK      bool
	Model   string
	Status  int // the upstream's; 0 when it could not be reached
	Message string
	Took    time.Duration
}

// Test asks an account for next to nothing, on its own way and outside of every limit. It says nothing to the pool: a
// trial must not make an account rest.
func (e *Engine) Test(ctx context.Context, acc *account.Account, model string) (Tested, error) {
	p, ok := e.providers[acc.Platform].(provider.Tester)
	if !ok {
		return Tested{}, fmt.Errorf("accounts of platform %s cannot be tested", acc.Platform)
	}
	start := time.Now()
	acc, err := e.opt.Tokens.Fresh(ctx, acc)
	if err != nil {
		return Tested{Message: err.Error(), Took: time.Since(start)}, nil
	}
	out, asked, err := p.TestRequest(acc, model)
	if err != nil {
		return Tested{}, err
	}
	s := e.settings.Load()
	source := AccountClient{Upstream: e.opt.Upstream, Now: e.opt.Now, Clocks: clocks(s, false, 0)}
	reply, err := source.send(ctx, acc, out)
	t := Tested{Model: asked, Took: time.Since(start)}
	if err != nil {
		t.Message = err.Error()
		return t, nil
	}
	t.OK, t.Status = reply.Status == http.StatusOK, reply.Status
	if !t.OK {
		v := e.providers[acc.Platform].Judge(&provider.Intent{Model: asked}, acc, reply)
		t.Message = cmp.Or(v.Message, gjson.GetBytes(reply.Body, "error.message").String(), v.Outcome.Evidence)
	}
	t.Message = secretless(acc, t.Message)
	return t, nil
}
