package control

import (
	"context"
	"iter"
	"net/http"
	"net/url"

	"crs/ctl"
)

// What follows makes answers to calls of the operations behind them, by what an operation is told: nothing, the name in the path, what is
// in the body, or both. Some give nothing back.

func plain[Out any](do func(context.Context) (Out, error)) answer {
	return func(r *http.Request) (any, error) { return given(do(r.Context())) }
}

func named[Out any](do func(context.Context, string) (Out, error)) answer {
	return func(r *http.Request) (any, error) { return given(do(r.Context(), r.PathValue("ref"))) }
}

func told[In, Out any](do func(context.Context, In) (Out, error)) answer {
	return toldUpTo(bodyMost, do)
}

func toldUpTo[In, Out any](most int64, do func(context.Context, In) (Out, error)) answer {
	return func(r *http.Request) (any, error) {
		in, err := readUpTo[In](r, most)
		if err != nil {
			return nil, err
		}
		return given(do(r.Context(), in))
	}
}

func namedAndTold[In, Out any](do func(context.Context, string, In) (Out, error)) answer {
	return func(r *http.Request) (any, error) {
		in, err := readUpTo[In](r, bodyMost)
		if err != nil {
			return nil, err
		}
		return given(do(r.Context(), r.PathValue("ref"), in))
	}
}

func silent(do func(context.Context) error) answer {
	return func(r *http.Request) (any, error) { return nil, do(r.Context()) }
}

func namedAndSilent(do func(context.Context, string) error) answer {
	return func(r *http.Request) (any, error) { return nil, do(r.Context(), r.PathValue("ref")) }
}

// queried is told what the query in the path says, as read reads it.
func queried[Query, Out any](read func(url.Values) (Query, error), do func(context.Context, Query) (Out, error)) answer {
	return func(r *http.Request) (any, error) {
		q, err := read(r.URL.Query())
		if err != nil {
			return nil, err
		}
		return given(do(r.Context(), q))
	}
}

// followed sends the newest rows that match a query, as many as its limit says, and then every one as it comes; one JSON object a line.
func followed[Query, Row any](
	h *Handler, read func(url.Values) (Query, error), do func(context.Context, Query) (iter.Seq[Row], error),
) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		q, err := read(r.URL.Query())
		if err != nil {
			return err
		}
		ctx, stop := h.untilEnding(r)
		defer stop()
		rows, err := do(ctx, q)
		if err != nil {
			return err
		}
		sendLines(h, w, rows)
		return nil
	}
}

// given keeps what comes with an error from being taken for an answer.
func given[Out any](out Out, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return out, nil
}

// member is about a group, and an account of it.
func member(do func(ctx context.Context, group, account string) (ctl.Group, error)) answer {
	return func(r *http.Request) (any, error) {
		return given(do(r.Context(), r.PathValue("ref"), r.PathValue("account")))
	}
}
