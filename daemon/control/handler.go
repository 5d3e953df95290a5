package control

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"crs/ctl"
	"crs/internal/account"
	"crs/internal/config"
	"crs/internal/event"
	"crs/internal/key"
	"crs/internal/limit"
	"crs/internal/oauth"
	"crs/internal/pricing"
	"crs/internal/store"
	"crs/internal/usage"
	"crs/proxyengine"
	"crs/proxyengine/provider"
)

// Options are what the handler works with.
type Options struct {
	Roster *account.Roster
	Pool   *account.Pool
	Keys   *key.Ring
	Gate   *limit.Gate
	Ledger *usage.Ledger
	Engine engine
	Tokens renewer
	Prices prices
	// Caller gives what logins of an account talk to its provider with.
	Caller func(*account.Account) provider.Call
	// Leaving is how many requests run to their end in a process that has handed over to this one; nil for none.
	Leaving   func() int
	Requests  *event.Bus[usage.Record] // every request as it ends
	Platforms map[string]provider.Provider
	// Usually is what models are asked for most often, and by whom.
	Usually []proxyengine.Usual
	// Catalogue is what there is to choose from.
	Catalogue ctl.Catalogue
	Settings  func() []config.Entry
	Zone      *time.Location
	Now       func() time.Time
	About     ctl.Status // what does not change: version, pid, listen, store
	Started   time.Time
	Log       *slog.Logger
	// StoreHealth says why the store cannot be used just now, or nil. It may be nil itself.
	StoreHealth func() error
	// Writable is an error when the store takes no writes just now. It may be nil.
	Writable func(context.Context) error
	// Conditions are what somebody has to know or mend. It may be nil.
	Conditions func() []ctl.Condition
	// Restart hands over to a new process, unless it is only to be checked.
	Restart func(context.Context, ctl.Restart) (ctl.Restarted, error)
	Metrics metrics
	// TestAlert sends an alert that says that it is a test.
	TestAlert func(context.Context) error
	// Checkup looks at what the daemon depends on.
	Checkup func(context.Context) []ctl.Check
}

type engine interface {
	InFlight() int
	Live() []proxyengine.Live
	Disconnect(id string) bool
	RetainedBytes() int64
	Canary() (token string, until time.Time)
	Test(ctx context.Context, acc *account.Account, model string) (proxyengine.Tested, error)
}

type renewer interface {
	Renew(ctx context.Context, acc *account.Account) (*account.Account, error)
}

// prices is the table in use, and what the operator laid over it.
type prices interface {
	Table() *pricing.Table
	Overridden(model string) bool
	Set(ctx context.Context, model string, p ctl.PriceEdit) error
	Update(ctx context.Context, u ctl.PriceUpdate) (TableChange, error)
}

// TableChange is a price table that was taken, or would be. The operator's own prices are in neither.
type TableChange struct {
	From          string
	Before, After *pricing.Table
	Applied       bool
}

// Handler answers ctl's calls.
type Handler struct {
	opt     Options
	mux     *http.ServeMux
	logins  *oauth.Logins[*pending]
	changes sync.RWMutex // held for reading by every call that changes something
	calls   calls

	mu       sync.Mutex    // guards the fields below
	stopping chan struct{} // closed when answers without an end must end
	left     bool          // another process answers now
}

// NewHandler makes a handler.
func NewHandler(opt Options) *Handler {
	h := &Handler{opt: opt, mux: http.NewServeMux(), logins: oauth.NewLogins[*pending](opt.Now), stopping: make(chan struct{})}
	h.calls = newCalls(h.hangs)
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
	// Exactly one of these is set: serve gives what to send, stream writes by itself.
	serve  func(*http.Request) (any, error)
	stream func(http.ResponseWriter, *http.Request) error
	// endless: the stream ends only when somebody ends it.
	endless bool
	// alone: it runs beside a handover.
	alone bool
}

// guard lets only those call who may.
func (h *Handler) guard(r route) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		if rightOf(req.Context()) < r.needs {
			respondError(w, notPermitted(r.needs))
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
		if h.hasLeft() {
			return nil, ctl.Errorf(ctl.Conflict, "this daemon has handed over to a new process a moment ago").WithHint("do it again: the new one answers now")
		}
		return r.serve(req)
	})
}

func notPermitted(needs right) error {
	e := ctl.Errorf(ctl.NotPermitted, "you may not do this on this daemon")
	if needs == write {
		return e.WithHint("only root and the user the daemon runs as may; try sudo")
	}
	return e.WithHint("only root, the user the daemon runs as, and members of the group %s may", Group)
}

// made is an answer that tells of an account that a login has made, or renewed.
type made struct{ ctl.LoggedIn }

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
	if m, ok := out.(made); ok && !m.Renewed {
		w.WriteHeader(http.StatusCreated)
	}
	_ = json.NewEncoder(w).Encode(out) // the caller has gone if this fails
}

func respondError(w http.ResponseWriter, err error) {
	bePatient(w)
	e, status := errorOf(err), http.StatusServiceUnavailable
	if !errors.As(err, new(*busy)) {
		status = statusOf(e.Code)
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

func statusOf(c ctl.Code) int {
	switch c {
	case ctl.BadRequest:
		return http.StatusBadRequest
	case ctl.NotFound:
		return http.StatusNotFound
	case ctl.NotPermitted:
		return http.StatusForbidden
	case ctl.Conflict:
		return http.StatusConflict
	}
	return http.StatusInternalServerError
}

// errorOf puts the domain's errors into the contract's words.
func errorOf(err error) *ctl.Error {
	var (
		own      *ctl.Error
		noKey    *key.NotFound
		keyTaken *key.Taken
		noAcc    *account.NotFound
		accTaken *account.Taken
		conflict *store.Conflict
		noLogin  *oauth.NoLogin
		notOpen  *oauth.NotOpen
		noRoom   *oauth.NoRoom
	)
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &noKey):
		return ctl.Errorf(ctl.NotFound, "%s", err).WithHint("see which there are: crs key list")
	case errors.As(err, &noAcc):
		return ctl.Errorf(ctl.NotFound, "%s", err).WithHint("see which there are: crs %s list", noAcc.What)
	case errors.As(err, &keyTaken), errors.As(err, &accTaken):
		return ctl.Errorf(ctl.Conflict, "%s", err)
	case errors.As(err, &noLogin):
		return ctl.Errorf(ctl.NotFound, "%s", err).WithHint("it may be long over, or the daemon was started anew since; begin another: crs account login PLATFORM NAME")
	case errors.As(err, &notOpen):
		return ctl.Errorf(ctl.Conflict, "%s", err).WithHint("begin another: crs account login PLATFORM NAME")
	case errors.As(err, &noRoom):
		return ctl.Errorf(ctl.Failed, "%s", err).WithHint("nothing was used up; see what is wrong (crs status), mend it, and do it again")
	case errors.Is(err, store.ErrAway):
		return ctl.Errorf(ctl.Failed, "%s", err).WithHint("clients are served from what this node knows; changes can be made when the store is back")
	case errors.Is(err, store.ErrNotWritable):
		return ctl.Errorf(ctl.Failed, "%s", err).WithHint("nothing was changed; %s", store.Mend(err))
	case errors.As(err, &conflict):
		return ctl.Errorf(ctl.Conflict, "%s", err).WithHint("look at it again, then repeat the change if it is still needed")
	}
	return ctl.Errorf(ctl.Failed, "%s", err)
}

// invalid marks a domain's complaint about what was asked for. That a store does not do its part is not one.
func invalid(err error) error {
	e := errorOf(err)
	if e.Code != ctl.Failed || errors.As(err, new(*store.Failure)) || errors.Is(err, store.ErrAway) || errors.Is(err, store.ErrNotWritable) || errors.Is(err, store.ErrDamaged) {
		return e
	}
	return ctl.Errorf(ctl.BadRequest, "%s", err)
}
