//go:build linux || darwin

package descriptor_test

import (
	"net"
	"testing"

	"crs/internal/descriptor"
	"crs/internal/descriptor/descriptortest"
)

// TestASpareDescriptorAcceptsWhenThereIsNoOther, and is taken back when its connection is closed.
func TestASpareDescriptorAcceptsWhenThereIsNoOther(t *testing.T) {
	spare := descriptor.NewSpare(1)
	defer spare.Close()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln := descriptor.Patient(inner, "test", shortage(), func() { t.Error("it waited") }).With(spare)
	defer func() { _ = ln.Close() }()
	callers := make([]net.Conn, 3)
	for i := range callers {
		if callers[i], err = net.Dial("tcp", inner.Addr().String()); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = callers[i].Close() }()
	}
	descriptortest.ExhaustBeyondOpen(t)
	for range callers {
		conn, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
		spare.Fill()
	}
}
