package draw

// Sequence is what begins painting; "" for nothing.
func (k Ink) Sequence() string { return k.on }
