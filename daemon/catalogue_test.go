package daemon_test

import (
	"reflect"
	"slices"
	"testing"

	"crs/ctl"
	"crs/daemon"
	"crs/lab/crstest"
)

// TestADaemonTellsOfWhatIsBuiltIn: front ends may go by either.
func TestADaemonTellsOfWhatIsBuiltIn(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	got, err := b.Catalogue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	built := daemon.Catalogue()
	if !reflect.DeepEqual(got, built) {
		t.Errorf("%+v\nis not\n%+v", got, built)
	}
	s, err := b.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range built.Platforms {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	if !slices.Equal(names, s.Platforms) || len(names) < 9 {
		t.Errorf("%v, and the status says %v", names, s.Platforms)
	}
	usual, ok := built.Platform(built.Usual)
	if !ok || !usual.Can(ctl.ByKey) {
		t.Errorf("the usual platform is %q", built.Usual)
	}
}

// TestEveryWordOfTheCatalogueIsOneForKeys: permissions, and clients by any word for them.
func TestEveryWordOfTheCatalogueIsOneForKeys(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	c := daemon.Catalogue()
	b.Key("k")
	for _, p := range c.Clients {
		for _, word := range append([]string{p.Name}, p.Aliases...) {
			k, err := b.EditKey(t.Context(), "k", ctl.KeyEdit{Clients: &[]string{word}})
			if err != nil || !slices.Equal(k.Limits.Clients, []string{p.Client}) {
				t.Errorf("%s: %v, %v", word, k.Limits.Clients, err)
			}
			found, ok := c.Program(word)
			if !ok || found.Name != p.Name {
				t.Errorf("%s is %+v", word, found)
			}
		}
	}
	for _, p := range c.Platforms {
		if k, err := b.EditKey(t.Context(), "k", ctl.KeyEdit{Permissions: &[]string{p.Permission}}); err != nil || !slices.Equal(k.Limits.Permissions, []string{p.Permission}) {
			t.Errorf("%s: %v, %v", p.Permission, k.Limits.Permissions, err)
		}
		if p.OwnClient != "" && !slices.Contains(c.ClientNames(), p.OwnClient) {
			t.Errorf("the own client of %s is %s, which is none", p.Name, p.OwnClient)
		}
	}
}
