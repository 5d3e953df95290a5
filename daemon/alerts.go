package daemon

import (
	"context"
	"os"
	"strings"

	"crs/ctl"
	"crs/daemon/alert"
	"crs/internal/convert"
)

// openAlerts finds out where to send alerts, if anywhere.
func (d *Daemon) openAlerts(context.Context) (err error) {
	if d.cfg.Alert.URLFile == "" {
		return nil
	}
	if d.webhook, err = alert.NewWebhook(d.cfg.Alert.URLFile, d.cfg.Alert.Format); err != nil {
		return err
	}
	d.alerts = alert.New(alert.Options{
		Look: d.troubles, Send: d.webhook.Send, After: d.cfg.Alert.After, Host: hostname(), Now: d.opt.Now, Failed: d.alertFailed,
	})
	return nil
}

func (d *Daemon) alertFailed(err error) {
	if err == nil {
		d.log.Info("alerts can be sent again")
		return
	}
	d.log.Error("an alert could not be sent; it is tried again", "error", err)
}

// testAlert sends a message to see whether it arrives.
func (d *Daemon) testAlert(ctx context.Context) error {
	if d.webhook == nil {
		return ctl.Errorf(ctl.BadRequest, "there is nowhere to send alerts to").
			WithHint("put the webhook's URL into a file, and the file's path into alert.url_file; then restart the daemon")
	}
	return d.webhook.Send(ctx, alert.Message{Host: hostname(), At: d.opt.Now().UTC(), Test: true})
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "an unknown host"
	}
	return name
}

// troubles are the conditions that somebody has to be told of.
func (d *Daemon) troubles() []alert.Trouble {
	return convert.All(d.conditions.Alerts(), func(c ctl.Condition) alert.Trouble {
		return alert.Trouble{Key: strings.TrimSpace(c.Code + " " + c.Subject), What: capital(c.Sentence), Mend: capital(c.Hint)}
	})
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
