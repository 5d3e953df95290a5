//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// terminal is a terminal of its own, in a tmux of its own, with a shell that runs one command and then says how it ended.
type terminal struct {
	t      *testing.T
	server string
	pid    string // file with the command's process id
}

// wide and high are the size that terminals begin with.
const wide, high = 110, 32

func (r *relay) terminal(t *testing.T, environ []string, args ...string) *terminal {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Fatal("tmux is not installed: apt-get install tmux")
	}
	x := &terminal{t: t, server: fmt.Sprintf("crs-%d-%d", os.Getpid(), time.Now().UnixNano()), pid: filepath.Join(t.TempDir(), "pid")}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the screen at the end:\n%s", x.screen())
		}
		_ = exec.Command("tmux", "-L", x.server, "kill-server").Run()
	})
	quoted := make([]string, len(args))
	for i, a := range args {
		quoted[i] = "'" + a + "'"
	}
	script := fmt.Sprintf("sh -c 'echo $$ >%s; exec \"$@\"' sh %s; echo EXIT=$?; stty -a | tr ' ;' '\\n\\n' | grep -x -e '-*icanon' -e '-*echo' -e '-*isig'; exec sleep 600", x.pid, strings.Join(quoted, " "))
	begin := []string{
		"-f", "/dev/null", "start-server", ";", "set", "-g", "set-clipboard", "on", ";", "set", "-g", "default-terminal", "tmux-256color", ";",
		"new-session", "-d", "-x", strconv.Itoa(wide), "-y", strconv.Itoa(high),
	}
	for _, variable := range append(environ, "CRS_SOCKET="+r.Socket()) {
		begin = append(begin, "-e", variable)
	}
	x.tmux(append(begin, script)...)
	return x
}

func (x *terminal) tmux(args ...string) string {
	x.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-L", x.server}, args...)...).CombinedOutput()
	if err != nil {
		x.t.Fatalf("tmux %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (x *terminal) screen() string {
	out, _ := exec.Command("tmux", "-L", x.server, "capture-pane", "-p").Output()
	return string(out)
}

// press presses keys, by tmux's names; type types a text.
func (x *terminal) press(keys ...string) {
	x.t.Helper()
	for _, k := range keys {
		x.tmux("send-keys", k)
	}
}

// fill presses Enter, field after field, until the screen shows what comes after the form.
func (x *terminal) fill(then string) {
	x.t.Helper()
	for range 40 {
		before := x.screen()
		if strings.Contains(before, then) {
			return
		}
		x.press("Enter")
		x.until("the next field", func(screen string) bool { return screen != before && !strings.Contains(screen, "asking the daemon") })
	}
	x.t.Fatalf("the form does not end in %s:\n%s", then, x.screen())
}

func (x *terminal) write(text string) {
	x.t.Helper()
	x.tmux("send-keys", "-l", text)
}

// paste pastes a text as a terminal does, in brackets.
func (x *terminal) paste(text string) {
	x.t.Helper()
	x.tmux("set-buffer", "-b", "pasted", text)
	x.tmux("paste-buffer", "-p", "-b", "pasted")
}

// clip is what was put into the clipboard last; "" for nothing.
func (x *terminal) clip() string {
	out, _ := exec.Command("tmux", "-L", x.server, "show-buffer").Output()
	return string(out)
}

func (x *terminal) until(what string, ok func(screen string) bool) {
	x.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok(x.screen()) {
		if time.Now().After(deadline) {
			x.t.Fatalf("never saw %s:\n%s", what, x.screen())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// see waits until all the words are on the screen, miss until none is.
func (x *terminal) see(words ...string) {
	x.t.Helper()
	for _, w := range words {
		x.until(w, func(screen string) bool { return strings.Contains(screen, w) })
	}
}

func (x *terminal) miss(words ...string) {
	x.t.Helper()
	for _, w := range words {
		x.until("the end of "+w, func(screen string) bool { return !strings.Contains(screen, w) })
	}
}

// walk presses a key until the chosen row, or entry of a list, begins with a word.
func (x *terminal) walk(key, word string) {
	x.t.Helper()
	for range 30 {
		if strings.Contains(x.screen(), "▸ "+word) {
			return
		}
		before := x.screen()
		x.press(key)
		deadline := time.Now().Add(time.Second)
		for x.screen() == before && time.Now().Before(deadline) {
			time.Sleep(10 * time.Millisecond)
		}
	}
	x.t.Fatalf("never came to %s:\n%s", word, x.screen())
}

// clean checks that the terminal is as it was before, after a command that ended with a code.
func (x *terminal) clean(code int) {
	x.t.Helper()
	x.see("EXIT=" + strconv.Itoa(code) + "\n")
	x.until("what the terminal is set to", func(screen string) bool {
		return strings.Contains(screen, "isig") && strings.Contains(screen, "icanon") && strings.Contains(screen, "echo\n")
	})
	for _, off := range []string{"-isig", "-icanon", "-echo"} {
		if strings.Contains(x.screen(), off) {
			x.t.Errorf("the terminal is left %s", off)
		}
	}
	for flag, want := range map[string]string{"alternate_on": "0", "cursor_flag": "1", "mouse_any_flag": "0"} {
		if got := strings.TrimSpace(x.tmux("display-message", "-p", "#{"+flag+"}")); got != want {
			x.t.Errorf("%s is %s, want %s", flag, got, want)
		}
	}
}

// signal sends one to the command.
func (x *terminal) signal(name string) {
	x.t.Helper()
	pid, err := os.ReadFile(x.pid)
	if err != nil {
		x.t.Fatal(err)
	}
	if out, err := exec.Command("kill", "-"+name, strings.TrimSpace(string(pid))).CombinedOutput(); err != nil {
		x.t.Fatalf("%v: %s", err, out)
	}
}
