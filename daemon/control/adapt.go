package control

import (
	"context"
	"net/http"

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
		in, err := read[In](r)
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
