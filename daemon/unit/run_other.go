//go:build !windows

package unit

import "context"

// Run runs a daemon. Only Windows has services speak with their manager for that.
func Run(ctx context.Context, daemon func(context.Context) error) error { return daemon(ctx) }
