package simulator

import "context"

// Requests gives the requests that are remembered, in order of arrival, those that are still running included.
func (s *Server) Requests() []Request { return s.books.requests() }

// Served gives what each account was billed: the inference answers that were sent whole.
func (s *Server) Served() map[string]Bill { return s.books.served() }

// WaitRequests waits until n requests have arrived since the start, whether they are remembered or not.
func (s *Server) WaitRequests(ctx context.Context, n int) error { return s.books.waitSeen(ctx, n) }

// WaitIdle waits until no request is running.
func (s *Server) WaitIdle(ctx context.Context) error { return s.books.waitIdle(ctx) }

// InFlight is how many inference requests of an account are running; "" asks for all accounts.
func (s *Server) InFlight(account string) int {
	now, _ := s.books.inFlight(account)
	return now
}

// MaxInFlight is how many there ever were at the same time.
func (s *Server) MaxInFlight(account string) int {
	_, most := s.books.inFlight(account)
	return most
}
