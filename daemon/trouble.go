package daemon

import (
	"context"
	"os"
	"strings"
	"unicode"

	"crs/ctl"
	"crs/daemon/alert"
	"crs/internal/account"
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

// watchTrouble tells somebody of trouble until ctx ends, if that was asked for.
func (d *Daemon) watchTrouble(ctx context.Context) error {
	if d.alerts == nil {
		return nil
	}
	return d.alerts.Run(ctx)
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

// troubles is what somebody has to mend. Accounts are looked at once, all at one moment: what is said of a platform fits what is said
// of its accounts.
func (d *Daemon) troubles() []alert.Trouble {
	statuses := d.pool.Statuses()
	all := append(d.conditionTroubles(), platformTroubles(statuses)...)
	for i := range statuses {
		if t, ok := accountTrouble(&statuses[i]); ok {
			all = append(all, t)
		}
	}
	return all
}

// platformTroubles are platforms of which no account is ready, though some are in use.
func platformTroubles(statuses []account.Status) []alert.Trouble {
	ready := map[string]bool{} // of platforms that are in use
	for i := range statuses {
		if s := &statuses[i]; s.State != account.StateDisabled {
			ready[s.Account.Platform] = ready[s.Account.Platform] || s.State == account.Ready
		}
	}
	var all []alert.Trouble
	for platform, one := range ready {
		if !one {
			all = append(all, alert.Trouble{
				Key: "platform " + platform, What: "No account of platform " + platform + " is ready", Mend: "Why, and until when: crs account list",
			})
		}
	}
	return all
}

func accountTrouble(s *account.Status) (t alert.Trouble, ok bool) {
	a, name := s.Account, quoted(s.Account.Name)
	t.Key = "account " + a.ID + " " + string(s.State)
	switch s.State {
	case account.StateNeeds:
		t.What, t.Mend = "Account "+a.Name+" needs a login"+because(s.Why), "Log in again: crs account login "+a.Platform+" "+name
	case account.StateBlocked:
		t.What, t.Mend = "Account "+a.Name+" is blocked by its provider"+because(s.Why), "Settle it with the provider, then: crs account thaw "+name
	case account.StateExpired:
		t.What, t.Mend = "The subscription of account "+a.Name+" has ended", "If it goes on: crs account edit "+name+" --subscription-ends WHEN"
	default:
		return t, false
	}
	return t, true
}

// quoted is a name as a shell reads it.
func quoted(name string) string {
	if strings.IndexFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.@+", r)
	}) < 0 {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}

// because is what stands against an account, short.
func because(why string) string {
	const longest = 200
	why = strings.TrimRight(strings.Join(strings.Fields(why), " "), ".")
	if why == "" {
		return ""
	}
	if len(why) > longest {
		why = strings.ToValidUTF8(why[:longest], "") + "…"
	}
	return " (" + why + ")"
}
