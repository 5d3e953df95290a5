package ctl

import "time"

// Impatient has c wait no longer than for so long.
func (c *Client) Impatient(d time.Duration) { c.patience = d }
