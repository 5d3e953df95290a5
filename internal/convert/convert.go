// Package convert makes lists of one type from lists of another.
package convert

// All gives what is made of each of a list. It is never nil, so that in JSON it is never null.
func All[T, Made any](list []T, of func(T) Made) []Made {
	made := make([]Made, len(list))
	for i, x := range list {
		made[i] = of(x)
	}
	return made
}
