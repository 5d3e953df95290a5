package admin

import (
	"errors"

	"crs/ctl"
	"crs/internal/account"
	"crs/internal/document"
	"crs/internal/key"
	"crs/internal/oauth"
	"crs/internal/store"
)

// ErrorOf puts the domain's errors into the contract's words.
func ErrorOf(err error) *ctl.Error {
	if own, ok := errors.AsType[*ctl.Error](err); ok {
		return own
	}
	if none, ok := errors.AsType[*document.NotFound](err); ok {
		return ctl.Errorf(ctl.NotFound, "%s", err).WithHint("see which there are: crs %s list", none.What)
	}
	switch {
	case errors.As(err, new(*key.Taken)), errors.As(err, new(*account.Taken)):
		return ctl.Errorf(ctl.Conflict, "%s", err)
	case errors.As(err, new(*oauth.NoLogin)):
		return ctl.Errorf(ctl.NotFound, "%s", err).WithHint("it may be long over, or the daemon was started anew since; begin another: crs account login PLATFORM NAME")
	case errors.As(err, new(*oauth.NotOpen)):
		return ctl.Errorf(ctl.Conflict, "%s", err).WithHint("begin another: crs account login PLATFORM NAME")
	case errors.As(err, new(*oauth.NoRoom)):
		return ctl.Errorf(ctl.Failed, "%s", err).WithHint("nothing was used up; see what is wrong (crs status), mend it, and do it again")
	case errors.Is(err, store.ErrUnavailable):
		return ctl.Errorf(ctl.Failed, "%s", err).WithHint("clients are served from what this node knows; changes can be made when the store is back")
	case errors.Is(err, store.ErrNotWritable):
		return ctl.Errorf(ctl.Failed, "%s", err).WithHint("nothing was changed; %s", store.Mend(err))
	case errors.As(err, new(*store.Conflict)):
		return ctl.Errorf(ctl.Conflict, "%s", err).WithHint("look at it again, then repeat the change if it is still needed")
	}
	return ctl.Errorf(ctl.Failed, "%s", err)
}

// invalid marks a domain's complaint about what was asked for. That a store does not do its part is not one.
func invalid(err error) error {
	e := ErrorOf(err)
	if e.Code != ctl.Failed || errors.As(err, new(*store.Failure)) || errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrNotWritable) || errors.Is(err, store.ErrDamaged) {
		return &worded{e, err}
	}
	return ctl.Errorf(ctl.BadRequest, "%s", err)
}

// worded is an error in the contract's words, with the one that it was.
type worded struct{ said, was error }

// Error implements error.
func (e *worded) Error() string { return e.said.Error() }

// Unwrap gives both.
func (e *worded) Unwrap() []error { return []error{e.said, e.was} }
