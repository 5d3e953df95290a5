package redistest

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// slots is how many hash slots a Cluster has.
const slots = 16384

// Cluster is a Redis Cluster of three primaries, each with as many replicas as asked for.
type Cluster struct {
	Primaries []*Server
	Replicas  []*Server // those of the first primary first
}

// StartCluster starts a Cluster that ends with the test, and waits until it takes commands. It skips the test where there is
// no redis-server.
func StartCluster(t testing.TB, replicas int) *Cluster {
	t.Helper()
	c := new(Cluster)
	for i := range 3 + 3*replicas {
		s := StartReal(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-config-file", "nodes.conf")
		if i < 3 {
			c.Primaries = append(c.Primaries, s)
		} else {
			c.Replicas = append(c.Replicas, s)
		}
	}
	c.join(t)
	c.follow(t, replicas)
	return c
}

// join gives each primary its slots and makes the nodes known to each other.
func (c *Cluster) join(t testing.TB) {
	t.Helper()
	for i, s := range c.Primaries {
		args := []any{"CLUSTER", "ADDSLOTS"}
		for slot := i * slots / 3; slot < (i+1)*slots/3; slot++ {
			args = append(args, slot)
		}
		s.Do(t, args...)
		s.Do(t, "CLUSTER", "SET-CONFIG-EPOCH", i+1)
	}
	host, port, _ := net.SplitHostPort(c.Primaries[0].Addr)
	for _, s := range c.all()[1:] {
		s.Do(t, "CLUSTER", "MEET", host, port)
	}
	for _, s := range c.all() {
		wait(t, "the Cluster to be whole at "+s.Addr, func() bool {
			info := fmt.Sprint(s.Do(t, "CLUSTER", "INFO"))
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, fmt.Sprintf("cluster_known_nodes:%d\r", len(c.all())))
		})
	}
}

// follow makes the replicas replicas.
func (c *Cluster) follow(t testing.TB, each int) {
	t.Helper()
	for i, s := range c.Replicas {
		primary := fmt.Sprint(c.Primaries[i/each].Do(t, "CLUSTER", "MYID"))
		wait(t, "a replica to know its primary", func() bool {
			return strings.Contains(fmt.Sprint(s.Do(t, "CLUSTER", "NODES")), primary)
		})
		s.Do(t, "CLUSTER", "REPLICATE", primary)
	}
	for _, s := range c.Primaries {
		s.InStep(t, each)
	}
}

func (c *Cluster) all() []*Server {
	return append(append([]*Server(nil), c.Primaries...), c.Replicas...)
}

// URL is how crs is told of it.
func (c *Cluster) URL() string {
	var hosts []string
	for _, s := range c.Primaries {
		hosts = append(hosts, s.Addr)
	}
	return "redis-cluster://" + strings.Join(hosts, ",")
}

func wait(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
