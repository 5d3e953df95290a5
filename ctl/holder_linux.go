package ctl

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// holder is the process that has locked a file. It only looks: trying to lock the file could keep a daemon that starts from it.
func holder(path string) (pid int, held bool) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, false
	}
	at, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		return 0, false
	}
	return holderIn(string(locks), at.Dev, at.Ino)
}

// holderIn looks for a file in the kernel's table, of lines like "3: FLOCK  ADVISORY  WRITE 8280 fe:00:11117253 0 EOF".
func holderIn(table string, device, inode uint64) (pid int, held bool) {
	major, minor := device>>8&0xfff|device>>32&^0xfff, device&0xff|device>>12&^0xff
	file := fmt.Sprintf("%02x:%02x:%d", major, minor&0xffffffff, inode)
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) == 8 && f[1] == "FLOCK" && f[3] == "WRITE" && f[5] == file {
			pid, _ = strconv.Atoi(f[4])
			return pid, true
		}
	}
	return 0, false
}
