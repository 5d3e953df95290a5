package daemon

import (
	"io"
	"log/slog"

	"crs/internal/config"
	"crs/internal/key"
)

func newLog(w io.Writer, cfg *config.Config, level *slog.LevelVar) *slog.Logger {
	level.Set(cfg.Log.Level)
	opt := &slog.HandlerOptions{Level: level, ReplaceAttr: withoutKeys}
	if cfg.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, opt))
	}
	return slog.New(slog.NewTextHandler(w, opt))
}

// withoutKeys is the last one to look at what is logged: whoever logs it, no key gets there.
func withoutKeys(_ []string, a slog.Attr) slog.Attr {
	switch v := a.Value.Any().(type) {
	case string:
		a.Value = slog.StringValue(key.Mask(v))
	case error:
		a.Value = slog.StringValue(key.Mask(v.Error()))
	}
	return a
}

// warnOf says what is no mistake in a configuration, but may be one.
func (d *Daemon) warnOf(loaded *config.Loaded) {
	for _, w := range loaded.Warnings {
		d.log.Warn("look at the configuration", "warning", w)
	}
}
