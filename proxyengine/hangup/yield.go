package hangup

// Turns is something that whoever works on a connection holds, and others wait for.
type Turns interface {
	Enter()
	Leave()
}

// Yield has Read and Write leave t while they wait for the other end, and enter it again. It reports false, and they do no such
// thing, where the socket cannot be reached. Nil ends that. It must not be called while somebody reads or writes.
func (c *Conn) Yield(t Turns) bool {
	if t != nil && (!canYield || c.socket == nil) {
		return false
	}
	c.turns = t
	return true
}

// Read implements net.Conn.
func (c *Conn) Read(b []byte) (int, error) {
	if c.turns == nil || len(b) == 0 {
		return c.Conn.Read(b)
	}
	return c.readInTurns(b)
}

// Write implements net.Conn.
func (c *Conn) Write(b []byte) (int, error) {
	if c.turns == nil {
		return c.Conn.Write(b)
	}
	return c.writeInTurns(b)
}
