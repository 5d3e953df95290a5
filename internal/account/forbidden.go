package account

// Forbidden gives the refusal of a request whose key may not use the platform of any account that is meant for it; nil when it may use
// one, whether or not that serves now. It looks at accounts until it finds one.
func (p *Pool) Forbidden(w *Want) *NoneReady {
	if len(w.Permissions) == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now, forbidden := p.opt.Now(), false
	for _, e := range p.entries {
		switch e.reason(now, w) {
		case NotPermitted:
			forbidden = true
		case WrongService, NotBound, NotInGroup:
		default:
			return nil
		}
	}
	if !forbidden {
		return nil
	}
	return p.noneReady(w, 0)
}
