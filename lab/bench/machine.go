package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// machine is where and when it was measured.
type machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Kernel string `json:"kernel"`
	Go     string `json:"go"`
	Nginx  string `json:"nginx,omitempty"`
	Date   string `json:"date"`
}

func machineOf(ctx context.Context) machine {
	return machine{
		CPU: cpuModel(read("/proc/cpuinfo")), Cores: runtime.NumCPU(), Kernel: strings.TrimSpace(read("/proc/sys/kernel/osrelease")),
		Go: runtime.Version(), Nginx: nginxVersion(ctx), Date: time.Now().Format(time.DateOnly),
	}
}

// read gives "" for what cannot be read: a report without it is better than none.
func read(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(text)
}

// cpuModel is the first processor's name in /proc/cpuinfo.
func cpuModel(cpuinfo string) string {
	for line := range strings.Lines(cpuinfo) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown CPU"
}

func nginxVersion(ctx context.Context) string {
	path := findNginx()
	if path == "" {
		return ""
	}
	text, err := exec.CommandContext(ctx, path, "-v").CombinedOutput()
	if err != nil {
		return ""
	}
	_, version, _ := strings.Cut(strings.TrimSpace(string(text)), "nginx/")
	return version
}

func (m machine) String() string {
	text := fmt.Sprintf("%s: %s, %d cores, Linux %s, %s", m.Date, m.CPU, m.Cores, m.Kernel, m.Go)
	if m.Nginx != "" {
		text += ", nginx " + m.Nginx
	}
	return text
}
