package ctl

import (
	"context"
	"net/http"
)

// TestAlert has the daemon send an alert that says that it is a test. An error says why it could not be sent.
func (c *Client) TestAlert(ctx context.Context) error {
	return done(await[struct{}](ctx, c, http.MethodPost, "/alert/test", nil))
}
