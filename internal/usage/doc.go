// Package usage counts what requests used and writes it down so that it is neither lost nor counted twice.
package usage
