package redis

// outbox says of which hash slots there is something to tell, and who is telling it. It is guarded by the node's lock.
//
// Each primary has a sender of its own, so that what is bound for one never waits for another. Of a hash slot one pipeline is
// under way at a time, so that nothing that is sent of it can overtake anything else.
type outbox struct {
	unsent  map[string]struct{}            // slots that no sender has yet
	taken   map[string]bool                // slots that are under way, and whether there is more to tell by now
	late    map[string]int                 // slots that could not be told, and how often that was tried
	senders map[string]map[string]struct{} // by primary, for as long as its sender works: the slots that wait for it
	menders map[string]map[string]error    // by primary, for as long as its mender works: the slots that wait for it, and why
}

func newOutbox() outbox {
	return outbox{
		unsent: map[string]struct{}{}, taken: map[string]bool{}, late: map[string]int{},
		senders: map[string]map[string]struct{}{}, menders: map[string]map[string]error{},
	}
}

// begin has everything that was under way sent anew: nobody is sending any more.
func (o *outbox) begin() {
	unsent := o.unsent
	for slot := range o.taken {
		unsent[slot] = struct{}{}
	}
	for _, waiting := range o.senders {
		for slot := range waiting {
			unsent[slot] = struct{}{}
		}
	}
	*o = newOutbox()
	o.unsent = unsent
}

// again has a slot that was under way sent once more.
func (o *outbox) again(slot string) {
	delete(o.taken, slot)
	o.unsent[slot] = struct{}{}
}

// owe says that there is something to tell of a slot. It is called with the lock held.
func (n *Node) owe(slot string) {
	n.out.unsent[slot] = struct{}{}
	n.poke()
}

// told is called with the lock held when everything that was sent of a slot has been answered.
func (n *Node) told(slot string) {
	more := n.out.taken[slot] || n.owed.has(slot)
	delete(n.out.taken, slot)
	delete(n.out.late, slot)
	if more {
		n.owe(slot)
	}
}

// slotsAtOnce bounds the pipeline of a sender.
const slotsAtOnce = 1000

// take gives the sender of a primary what it is to send next. When there is nothing, it has ended.
func (n *Node) take(primary string) (slots []string, parcels []call) {
	n.mu.Lock()
	defer n.mu.Unlock()
	waiting := n.out.senders[primary]
	for slot := range waiting {
		if len(slots) == slotsAtOnce {
			break
		}
		delete(waiting, slot)
		if some := n.takeSlot(slot); len(some) > 0 {
			slots, parcels = append(slots, slot), append(parcels, some...)
		}
	}
	if len(slots) == 0 {
		delete(n.out.senders, primary)
	}
	return slots, parcels
}

// takeSlot gives what there is to tell of a slot, unless it is under way: then it follows.
func (n *Node) takeSlot(slot string) []call {
	if _, underWay := n.out.taken[slot]; underWay {
		n.out.taken[slot] = true
		return nil
	}
	parcels := n.pack(slot)
	if len(parcels) > 0 {
		n.out.taken[slot] = false
	} else {
		delete(n.out.late, slot)
	}
	return parcels
}
