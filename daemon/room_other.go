//go:build !linux && !darwin

package daemon

func roomOn(string) room { return room{bytes: -1, files: -1} }
