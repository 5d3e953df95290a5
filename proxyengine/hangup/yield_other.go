//go:build !unix

package hangup

const canYield = false

func (c *Conn) readInTurns(b []byte) (int, error) { return c.Conn.Read(b) }

func (c *Conn) writeInTurns(b []byte) (int, error) { return c.Conn.Write(b) }
