package systemd_test

import (
	"strings"
	"testing"

	"crs/systemd"
)

func TestAUnitStartsTheBinaryItIsGiven(t *testing.T) {
	t.Parallel()
	for name, unit := range map[string]string{"system": systemd.Unit, "user": systemd.UserUnit} {
		if systemd.At(unit, systemd.Binary) != unit {
			t.Errorf("%s: for the binary of the packages the unit is another one than theirs", name)
		}
		got := systemd.At(unit, `/opt/my crs/100%/{{x}}/crs`)
		if !strings.Contains(got, "\nExecStart=/opt/my\\x20crs/100%%/\\x7b\\x7bx}}/crs serve\n") || strings.Contains(got, systemd.Binary) {
			t.Errorf("%s: the unit is\n%s", name, got)
		}
	}
}

func TestTheUnitSaysWhatTheDaemonReliesOn(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"Type=notify", "WatchdogSec=60", "User=crs", "Group=crs", "StateDirectory=crs", "RuntimeDirectory=crs", "ConfigurationDirectory=crs",
		"NoNewPrivileges=yes", "Restart=always", "RestartSec=1", "StartLimitIntervalSec=0", "MemoryHigh=1G",
	} {
		if !strings.Contains(systemd.Unit, "\n"+line+"\n") {
			t.Errorf("crs.service does not say %s", line)
		}
	}
	if strings.Contains(systemd.UserUnit, "\nUser=") {
		t.Error("a user's own service cannot change its user")
	}
}
