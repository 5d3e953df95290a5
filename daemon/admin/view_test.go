package admin

import (
	"testing"
	"time"

	"crs/ctl"
	"crs/internal/event"
	"crs/internal/usage"
)

func TestOfManyRequestsThatEndedTheNewestAreToldAndTheRestCounted(t *testing.T) {
	t.Parallel()
	var bus event.Bus[usage.Record]
	ended := bus.Watch(endedRoom)
	defer ended.Close()
	const all = 1000
	for i := range all {
		bus.Publish(&usage.Record{Status: i, At: time.Unix(0, 0), Raw: []byte(`{}`)})
	}
	var u ctl.Update
	var v View
	v.takeEnded(&u, ended)
	if len(u.Ended) != endedRoom || u.Missed != all-endedRoom || u.Ended[0].Status != all-endedRoom || u.Ended[endedRoom-1].Status != all-1 || u.Ended[0].Raw != nil {
		t.Errorf("%d told from %d on, %d missed", len(u.Ended), u.Ended[0].Status, u.Missed)
	}
	u = ctl.Update{}
	if v.takeEnded(&u, ended); len(u.Ended) != 0 || u.Missed != 0 {
		t.Errorf("%d told and %d missed of nothing", len(u.Ended), u.Missed)
	}
}
