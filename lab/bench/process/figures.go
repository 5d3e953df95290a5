package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Memory is what a process and its descendants hold, in bytes.
type Memory struct {
	// RSS is everything resident. Pages that several of them share count for each.
	RSS int64
	// PSS counts a shared page once, spread over who shares it.
	PSS int64
	// Peak is the highest RSS so far.
	Peak int64
}

// tick is the kernel's unit for times in /proc/PID/stat: USER_HZ is 100 everywhere.
const tick = 10 * time.Millisecond

// CPU is the processor time, user and system, that a process and its living descendants have used. It comes in steps of
// 10 ms.
func CPU(pid int) (time.Duration, error) {
	family, err := familyOf(pid)
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, s := range family {
		sum += s.used
	}
	return sum, nil
}

// MemoryOf reads what a process and its descendants hold.
func MemoryOf(pid int) (Memory, error) {
	family, err := familyOf(pid)
	if err != nil {
		return Memory{}, err
	}
	var sum Memory
	for i, s := range family {
		m, err := memoryOf(s.pid)
		if i > 0 && ended(err) {
			continue
		}
		if err != nil {
			return Memory{}, err
		}
		sum.RSS, sum.PSS, sum.Peak = sum.RSS+m.RSS, sum.PSS+m.PSS, sum.Peak+m.Peak
	}
	return sum, nil
}

// ended reports whether err is that of reading the memory of a process that has ended meanwhile. One whose status nobody has
// asked for yet still has its files, without a line on memory.
func ended(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) || errors.Is(err, errNoFigure)
}

func memoryOf(pid int) (m Memory, err error) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	rollup, err := os.ReadFile(filepath.Join(dir, "smaps_rollup"))
	if err != nil {
		return m, fmt.Errorf("read the memory of process %d: %w", pid, err)
	}
	status, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return m, fmt.Errorf("read the memory of process %d: %w", pid, err)
	}
	for _, f := range []struct {
		to   *int64
		text []byte
		name string
	}{{&m.RSS, rollup, "Rss"}, {&m.PSS, rollup, "Pss"}, {&m.Peak, status, "VmHWM"}} {
		if *f.to, err = kilobytes(string(f.text), f.name); err != nil {
			return m, fmt.Errorf("read the memory of process %d: %w", pid, err)
		}
	}
	return m, nil
}

var errNoFigure = errors.New("there is no such line")

// kilobytes finds a line such as "Rss:  1234 kB", and gives bytes.
func kilobytes(text, name string) (int64, error) {
	for line := range strings.Lines(text) {
		value, found := strings.CutPrefix(line, name+":")
		if !found {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		return n << 10, nil
	}
	return 0, fmt.Errorf("%s: %w", name, errNoFigure)
}

// stat is one process, as /proc/PID/stat tells of it.
type stat struct {
	pid, parent int
	used        time.Duration
}

// familyOf finds a process and its descendants.
func familyOf(pid int) ([]stat, error) {
	all, err := processes()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(s stat) bool { return s.pid == pid })
	if i < 0 {
		return nil, fmt.Errorf("process %d has ended", pid)
	}
	family := []stat{all[i]}
	for i := 0; i < len(family); i++ {
		for _, s := range all {
			if s.parent == family[i].pid {
				family = append(family, s)
			}
		}
	}
	return family, nil
}

func processes() ([]stat, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("look for processes: %w", err)
	}
	var all []stat
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		text, err := os.ReadFile(filepath.Join("/proc", e.Name(), "stat"))
		if err != nil {
			continue // it has ended meanwhile
		}
		s, err := parseStat(string(text))
		if err != nil {
			return nil, fmt.Errorf("read /proc/%s/stat: %w", e.Name(), err)
		}
		all = append(all, s)
	}
	return all, nil
}

var errStat = errors.New("it is not in the form of proc(5)")

// parseStat reads the fields 1 (pid), 4 (ppid), 14 (utime) and 15 (stime). The second is a name in parentheses, which
// may itself contain anything.
func parseStat(text string) (s stat, err error) {
	begin, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if begin < 1 || end < begin {
		return s, errStat
	}
	rest := strings.Fields(text[end+1:]) // field 3 comes first
	if len(rest) < 13 {
		return s, errStat
	}
	var user, system int64
	var errs [4]error
	s.pid, errs[0] = strconv.Atoi(strings.TrimSpace(text[:begin]))
	s.parent, errs[1] = strconv.Atoi(rest[4-3])
	user, errs[2] = strconv.ParseInt(rest[14-3], 10, 64)
	system, errs[3] = strconv.ParseInt(rest[15-3], 10, 64)
	s.used = time.Duration(user+system) * tick
	return s, errors.Join(errs[:]...)
}
