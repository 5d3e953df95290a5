package simulator

import (
	"reflect"
	"testing"
	"time"

	"crs/lab/simulator/provider"
)

func TestAnAnswerThatWasNotSentAfterAllIsNotBilled(t *testing.T) {
	t.Parallel()
	books := newRecorder(time.Now, 10)
	billed := DefaultUsage()
	billed.Reasoning = 7
	first := provider.Call{Account: "a", Inference: true, Reply: provider.Reply{Tokens: billed}}
	second := first
	v := books.arrive(&first, provider.Plain())
	w := books.arrive(&second, provider.Plain())
	books.end(&v, &first, Served)
	books.end(&w, &second, Served)
	books.end(&w, &second, Canceled) // the last bytes could not be written

	want := map[string]Bill{"a": {Requests: 1, Tokens: billed}}
	if got := books.served(); !reflect.DeepEqual(got, want) {
		t.Errorf("served %+v, want %+v", got, want)
	}
	if now, most := books.inFlight("a"); now != 0 || most != 2 {
		t.Errorf("%d in flight, %d at most", now, most)
	}
	if all := books.requests(); all[0].Outcome != Served || all[1].Outcome != Canceled {
		t.Errorf("recorded %s and %s", all[0].Outcome, all[1].Outcome)
	}
}
