package control

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"crs/ctl"
	"crs/daemon/admin"
)

// Options are what the handler works with.
type Options struct {
	Operations *admin.Operations
	Metrics    metrics
	Log        *slog.Logger
}

// Handler answers ctl's calls.
type Handler struct {
	opt     Options
	ops     *admin.Operations
	mux     *http.ServeMux
	changes sync.RWMutex // held for reading by every call that changes something
	calls   calls
	left    atomic.Bool // another process answers now

	mu      sync.Mutex      // guards the fields below
	streams context.Context // ends when answers without an end must end
	stop    context.CancelFunc
}

// NewHandler makes a handler.
func NewHandler(opt Options) *Handler {
	h := &Handler{opt: opt, ops: opt.Operations, mux: http.NewServeMux(), calls: newCalls(opt.Operations.Hangs)}
	h.streams, h.stop = context.WithCancel(context.Background())
	for _, r := range h.routes() {
		h.mux.HandleFunc(r.method+" /"+ctl.Version+r.path, h.guard(r))
	}
	return h
}

// ServeHTTP implements http.Handler. A browser that was tricked into coming here is turned away: no page has a reason to.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer hurry(w, r).drain()
	if r.Header.Get("Origin") != "" || r.Header.Get("Referer") != "" {
		respondError(w, ctl.Errorf(ctl.NotPermitted, "the control socket is not for web pages"))
		return
	}
	h.mux.ServeHTTP(w, r)
}

// route is one call of the contract.
type route struct {
	method, path string
	needs        right
	// does is what it changes; asks says of one that is no GET that it changes nothing.
	does admin.Action
	asks bool
	// Exactly one of these is set: serve gives what to send, stream writes by itself.
	serve  answer
	stream func(http.ResponseWriter, *http.Request) error
	// endless: the stream ends only when somebody ends it.
	endless bool
	// alone: it runs beside a handover.
	alone bool
}

// answer gives what to send for a call.
type answer func(*http.Request) (any, error)

// guard lets only those call who may.
func (h *Handler) guard(r route) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		if r.does != "" {
			req = req.WithContext(admin.As(req.Context(), actorOf(req.Context())))
		}
		if rightOf(req.Context()) < r.needs {
			h.refuse(&r, w, req)
			return
		}
		if r.stream != nil {
			if err := h.flow(&r, w, req); err != nil {
				respondError(w, err)
			}
			return
		}
		out, err := h.answer(&r, req)
		if err != nil {
			h.opt.Log.Debug("control call failed", "method", r.method, "path", r.path, "error", err)
			respondError(w, err)
			return
		}
		if req.Method != http.MethodGet {
			h.opt.Log.Info("control", "call", r.method+" "+r.path, "target", req.PathValue("ref"))
		}
		respond(w, out)
	}
}

// flow sends a stream.
func (h *Handler) flow(r *route, w http.ResponseWriter, req *http.Request) error {
	if !r.endless {
		bePatient(w)
		return r.stream(w, req)
	}
	over := seatOf(req.Context()).stream()
	if over == nil {
		return &busy{ctl.Errorf(ctl.Failed, "as many watch this daemon as may at once").WithHint("end another crs tui, crs top or crs requests --follow")}
	}
	defer over()
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // that of an earlier answer
	return r.stream(w, req)
}

// answer has calls that change something wait while the daemon hands over, and refuses them afterwards: what they changed
// would be lost.
func (h *Handler) answer(r *route, req *http.Request) (any, error) {
	if r.alone {
		return r.serve(req)
	}
	return h.calls.do(req, func(req *http.Request) (any, error) {
		if req.Method == http.MethodGet {
			return r.serve(req)
		}
		h.changes.RLock()
		defer h.changes.RUnlock()
		if h.left.Load() {
			return nil, ctl.Errorf(ctl.Conflict, "this daemon has handed over to a new process a moment ago").WithHint("do it again: the new one answers now")
		}
		return r.serve(req)
	})
}

// refuse says that the caller may not, and has it written down of a call that would change something.
func (h *Handler) refuse(r *route, w http.ResponseWriter, req *http.Request) {
	if r.does != "" {
		h.ops.Refused(req.Context(), r.does, req.PathValue("ref"))
	}
	respondError(w, notPermitted(r.needs))
}

func notPermitted(needs right) error {
	e := ctl.Errorf(ctl.NotPermitted, "you may not do this on this daemon")
	if needs == write {
		return e.WithHint("only root and the user the daemon runs as may; try sudo")
	}
	return e.WithHint("only root, the user the daemon runs as, and members of the group %s may", Group)
}

// bePatient bounds how long the caller may take to read its answer.
func bePatient(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writePatience))
}

func respond(w http.ResponseWriter, out any) {
	bePatient(w)
	if out == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if in, ok := out.(ctl.LoggedIn); ok && !in.Renewed {
		w.WriteHeader(http.StatusCreated)
	}
	_ = json.NewEncoder(w).Encode(out) // the caller has gone if this fails
}

func respondError(w http.ResponseWriter, err error) {
	bePatient(w)
	e, status := admin.ErrorOf(err), http.StatusServiceUnavailable
	if !errors.As(err, new(*busy)) {
		status = cmp.Or(statuses[e.Code], http.StatusInternalServerError)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]*ctl.Error{"error": e})
}

// busy is an error because there is no room just now.
type busy struct{ why *ctl.Error }

// Error implements error.
func (e *busy) Error() string { return e.why.Message }

// Unwrap gives it as the contract has it.
func (e *busy) Unwrap() error { return e.why }

var statuses = map[ctl.Code]int{
	ctl.BadRequest: http.StatusBadRequest, ctl.NotFound: http.StatusNotFound, ctl.NotPermitted: http.StatusForbidden, ctl.Conflict: http.StatusConflict,
}
