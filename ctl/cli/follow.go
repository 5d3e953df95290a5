package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"crs/ctl"
)

// followRequests prints the newest requests and then those that end, until ctx does.
func (a *app) followRequests(ctx context.Context, q ctl.RequestQuery) error {
	q.Limit = cmp.Or(q.Limit, 10)
	headed := a.json
	for r, err := range a.client().FollowRequests(ctx, q) {
		if err != nil {
			return err
		}
		if !headed {
			a.requestHead()
			headed = true
		}
		if err := a.requestLine(&r); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) requestLine(r *ctl.Request) error {
	if a.json {
		if err := json.NewEncoder(a.io.Out).Encode(r); err != nil {
			return fmt.Errorf("print a request: %w", err)
		}
		return nil
	}
	columns, widths := a.requestColumns()
	a.say("%s", fixedLine(columns, widths, a.requestCells(r)))
	return nil
}

func (a *app) requestHead() {
	columns, widths := a.requestColumns()
	a.say("%s", fixedLine(columns, widths, head(columns)))
}
