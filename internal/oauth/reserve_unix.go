//go:build unix

package oauth

import "syscall"

// noFollow refuses a link that somebody put in the file's place.
const noFollow = syscall.O_NOFOLLOW
