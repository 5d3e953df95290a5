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

// troubles is what somebody has to mend.
func (d *Daemon) troubles() []alert.Trouble {
	var all []alert.Trouble
	lag := d.ledger.Lag()
	if lag.DiskFails {
		all = append(all, alert.Trouble{
			Key: "ledger disk", What: "Usage cannot be written to disk", Mend: "Make room in the data directory, or make it writable; what waits is not lost",
		})
	}
	if lag.RollupsFail {
		all = append(all, alert.Trouble{Key: "ledger rollups", What: "Usage cannot be added up in the store", Mend: "The daemon's log says why; nothing is lost"})
	}
	standings := d.pool.Standings()
	all = append(all, platformTroubles(standings)...)
	if standingIn(standings, account.StateNeeds, account.StateBlocked, account.StateExpired) > 0 {
		all = append(all, d.accountTroubles()...)
	}
	return all
}

func standingIn(standings map[account.Standing]int, states ...account.State) int {
	n := 0
	for s, count := range standings {
		for _, state := range states {
			if s.State == state {
				n += count
			}
		}
	}
	return n
}

// platformTroubles are platforms of which no account is ready, though some are in use.
func platformTroubles(standings map[account.Standing]int) []alert.Trouble {
	used, ready := map[string]bool{}, map[string]bool{}
	for s := range standings {
		used[s.Platform] = used[s.Platform] || s.State != account.StateDisabled
		ready[s.Platform] = ready[s.Platform] || s.State == account.Ready
	}
	var all []alert.Trouble
	for platform := range used {
		if used[platform] && !ready[platform] {
			all = append(all, alert.Trouble{
				Key: "platform " + platform, What: "No account of platform " + platform + " is ready", Mend: "Why, and until when: crs account list",
			})
		}
	}
	return all
}

func (d *Daemon) accountTroubles() []alert.Trouble {
	var all []alert.Trouble
	for _, a := range d.roster.List() {
		s, ok := d.pool.Status(a.ID)
		if !ok {
			continue
		}
		name := quoted(a.Name)
		t := alert.Trouble{Key: "account " + a.ID + " " + string(s.State)}
		switch s.State {
		case account.StateNeeds:
			t.What, t.Mend = "Account "+a.Name+" needs a login"+because(s.Why), "Log in again: crs account login "+a.Platform+" "+name
		case account.StateBlocked:
			t.What, t.Mend = "Account "+a.Name+" is blocked by its provider"+because(s.Why), "Settle it with the provider, then: crs account thaw "+name
		case account.StateExpired:
			t.What, t.Mend = "The subscription of account "+a.Name+" has ended", "If it goes on: crs account edit "+name+" --subscription-ends WHEN"
		default:
			continue
		}
		all = append(all, t)
	}
	return all
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
