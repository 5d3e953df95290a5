package jsonscan

import "unsafe"

// View is b as a string, for readers of strings: those of bytes copy what they read, which may be megabytes. It is valid for as
// long as b is not written to.
func View(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// Bytes is a string as bytes, which must not be written to.
func Bytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
