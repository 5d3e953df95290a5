package redis

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// server is the one that has a hash slot. Nil means that none is known just now.
func (n *Node) server(ctx context.Context, slot string) redis.UniversalClient {
	c, ok := n.rdb.(*redis.ClusterClient)
	if !ok {
		return n.rdb
	}
	one, err := c.MasterForKey(ctx, n.keys.marker(slot))
	if err != nil {
		return nil
	}
	return one
}

// primary is the address of the server that has a hash slot; empty where there is but one, or none is known.
func (n *Node) primary(ctx context.Context, slot string) string {
	if one, ok := n.server(ctx, slot).(*redis.Client); ok && n.keys.cluster {
		return one.Options().Addr
	}
	return ""
}

// answers asks the server of a hash slot for a sign of life.
func (n *Node) answers(ctx context.Context, slot string) bool {
	ctx, stop := context.WithTimeout(ctx, n.wait)
	defer stop()
	server := n.server(ctx, slot)
	return server != nil && alive(ctx, server) == nil
}

// reload gives the server of a hash slot the scripts.
func (n *Node) reload(ctx context.Context, slot string) error {
	ctx, stop := context.WithTimeout(ctx, n.wait)
	defer stop()
	server := n.server(ctx, slot)
	if server == nil {
		return errNowhere
	}
	return n.scripts.load(ctx, server)
}

// preload gives every primary the scripts before the first request needs them. Where that fails, it is done when they are missed.
func (n *Node) preload(ctx context.Context) {
	ctx, stop := context.WithTimeout(ctx, n.wait)
	defer stop()
	_ = n.store.each(ctx, func(ctx context.Context, server *redis.Client) error { return n.scripts.load(ctx, server) })
}
