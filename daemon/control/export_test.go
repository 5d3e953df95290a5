package control

import "crs/daemon/admin"

// Changes are the routes that are no GET, as METHOD PATH, with what each changes; "" for one that only asks.
func Changes() map[string]admin.Action {
	all := map[string]admin.Action{}
	for _, r := range new(Handler).routes() {
		if r.method != get {
			all[r.method+" "+r.path] = r.does
		}
	}
	return all
}
