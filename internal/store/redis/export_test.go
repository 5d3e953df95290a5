package redis

// Kill ends a node as kill -9 would: nothing is told, nothing given back.
func (n *Node) Kill() {
	n.stop()
	n.work.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.leases)
	n.owed = newPost()
}
