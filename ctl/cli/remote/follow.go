package remote

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
	headed := a.JSON
	for r, err := range a.Client().FollowRequests(ctx, q) {
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
	if a.JSON {
		if err := json.NewEncoder(a.IO.Out).Encode(r); err != nil {
			return fmt.Errorf("print a request: %w", err)
		}
		return nil
	}
	columns, widths := a.requestColumns()
	a.Say("%s", fixedLine(columns, widths, a.requestCells(r)))
	return nil
}

func (a *app) requestHead() {
	columns, widths := a.requestColumns()
	a.Say("%s", fixedLine(columns, widths, head(columns)))
}
