package daemon

// MetricsListen is the address that metrics are served on over TCP.
func (d *Daemon) MetricsListen() string { return d.scrapes.Addr() }
