package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"time"

	"crs/lab/bench/process"
	"crs/lab/freeport"
)

// nginxConfig has it do what a relay of streams needs, and nothing that it does not: answers are passed on as they come,
// connections are kept, request bodies stay in memory, nothing is logged. The arguments are the user, the directory, the
// upstream's address and its own.
const nginxConfig = `daemon off;
user %[1]s;
worker_processes auto;
worker_rlimit_nofile 16384;
pid %[2]s/pid;
error_log stderr warn;
events { worker_connections 8192; }
http {
	access_log off;
	client_body_temp_path %[2]s/body;
	proxy_temp_path %[2]s/proxy;
	fastcgi_temp_path %[2]s/fastcgi;
	uwsgi_temp_path %[2]s/uwsgi;
	scgi_temp_path %[2]s/scgi;
	client_max_body_size 64m;
	client_body_buffer_size 4m;
	keepalive_requests 1000000000;
	keepalive_timeout 1h;
	tcp_nodelay on;
	upstream provider {
		server %[3]s;
		keepalive 2048;
		keepalive_requests 1000000000;
	}
	server {
		listen %[4]s;
		location / {
			proxy_pass http://provider;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_buffering off;
			proxy_read_timeout 1h;
		}
	}
}
`

// findNginx gives "" where there is none. It is not in everybody's PATH.
func findNginx() string {
	for _, name := range []string{"nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func (s *stage) startNginx(ctx context.Context, sub *subject, dir string) error {
	me, err := user.Current()
	if err != nil {
		return fmt.Errorf("start nginx: %w", err)
	}
	if sub.addr, err = freeport.Addr(); err != nil {
		return fmt.Errorf("start nginx: %w", err)
	}
	file := filepath.Join(dir, "nginx.conf")
	text := fmt.Appendf(nil, nginxConfig, me.Username, dir, s.upstream, sub.addr)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return fmt.Errorf("start nginx: %w", err)
	}
	sub.process, err = process.Start(ctx, dir, "nginx", s.nginx, "-p", dir, "-c", file, "-e", "stderr")
	if err != nil {
		return err
	}
	return sub.process.Until(ctx, 10*time.Second, func() error {
		c, err := net.Dial("tcp", sub.addr)
		if err != nil {
			return err
		}
		return c.Close()
	})
}
