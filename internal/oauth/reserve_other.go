//go:build !unix

package oauth

const noFollow = 0
