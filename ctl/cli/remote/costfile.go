package remote

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"crs/ctl"
)

// What a list of costs may have.
const (
	mostCostBytes  = 64 << 20
	mostCostRows   = 2_000_000
	mostCostFields = 2_000
	mostCostField  = 64 << 10 // bytes
	mostCostGroups = 100_000  // days and models
	longestLine    = 256      // bytes of what tells of the model
	shownBadRows   = 5
)

// costFile is what was read of a provider's list of costs.
type costFile struct {
	rows, left int // all, and those of other things that the provider sells
	bad        int
	why        []string // of the first bad ones
	sums       map[[2]string]*big.Rat
}

// costColumns are where in a row what matters is; -1 for what is not there.
type costColumns struct {
	day, cost, currency, service int
	model                        []int
	sells                        []string
}

// readCosts adds a list of costs up by day and model.
func readCosts(in io.Reader, format *ctl.CostFormat) (*costFile, error) {
	limited := &io.LimitedReader{R: in, N: mostCostBytes + 1}
	r := csvOf(limited)
	head, err := r.Read()
	if err != nil {
		return nil, ctl.Errorf(ctl.BadRequest, "the list of costs has no line with the names of its columns")
	}
	at, err := columnsIn(head, format)
	if err != nil {
		return nil, err
	}
	f := &costFile{sums: map[[2]string]*big.Rat{}}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.As(err, new(*csv.ParseError)) {
			return nil, fmt.Errorf("read the list of costs: %w", err)
		}
		if f.rows++; f.rows > mostCostRows || limited.N <= 0 {
			return nil, ctl.Errorf(ctl.BadRequest, "the list of costs has more than %d rows or %d MiB", mostCostRows, mostCostBytes>>20).
				WithHint("let the provider make one of fewer days, or of whole days")
		}
		if err == nil {
			err = f.take(row, at)
		}
		f.note(r, err)
		if len(f.sums) > mostCostGroups {
			return nil, ctl.Errorf(ctl.BadRequest, "the list of costs has more than %d days and models", mostCostGroups)
		}
	}
	return f, nil
}

// csvOf reads rows; fields are separated by what the first line has more of.
func csvOf(in io.Reader) *csv.Reader {
	buffered := bufio.NewReaderSize(in, mostCostField)
	start, _ := buffered.Peek(mostCostField)
	if bytes.HasPrefix(start, []byte("\uFEFF")) {
		_, _ = buffered.Discard(len("\uFEFF"))
	}
	line, _, _ := bytes.Cut(start, []byte("\n"))
	r := csv.NewReader(buffered)
	for _, comma := range ";\t" {
		if bytes.ContainsRune(line, comma) && bytes.Count(line, []byte(string(comma))) > bytes.Count(line, []byte(string(r.Comma))) {
			r.Comma = comma
		}
	}
	r.ReuseRecord = true
	return r
}

func columnsIn(head []string, f *ctl.CostFormat) (*costColumns, error) {
	if len(head) > mostCostFields {
		return nil, ctl.Errorf(ctl.BadRequest, "the list of costs has %d columns; at most %d can be read", len(head), mostCostFields)
	}
	all := map[string]int{}
	for i, name := range head {
		if _, taken := all[letters(name)]; !taken {
			all[letters(name)] = i
		}
	}
	first := func(names []string) int {
		for _, n := range names {
			if i, ok := all[letters(n)]; ok {
				return i
			}
		}
		return -1
	}
	at := &costColumns{day: first(f.Day), cost: first(f.Cost), currency: first(f.Currency), service: first(f.Service), sells: f.Sells}
	for _, n := range f.Model {
		if i := first([]string{n}); i >= 0 {
			at.model = append(at.model, i)
		}
	}
	for what, missing := range map[string]bool{strings.Join(f.Day, " or "): at.day < 0, strings.Join(f.Cost, " or "): at.cost < 0, strings.Join(f.Model, " or "): len(at.model) == 0} {
		if missing {
			return nil, ctl.Errorf(ctl.BadRequest, "the list of costs has no column %s", what).WithHint("name its columns: --columns day=…,model=…,cost=…")
		}
	}
	return at, nil
}

// letters are what names of columns are compared by.
func letters(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, name)
}

// take adds a row.
func (f *costFile) take(row []string, at *costColumns) error {
	for _, field := range row {
		if len(field) > mostCostField {
			return fmt.Errorf("a field has %d bytes", len(field))
		}
	}
	line := at.line(row)
	if !at.isSold(row, line) {
		f.left++
		return nil
	}
	amount, err := costOf(row[at.cost])
	if err != nil {
		return err
	}
	if amount.Sign() == 0 {
		return nil
	}
	if at.currency >= 0 && !strings.EqualFold(strings.TrimSpace(row[at.currency]), "usd") {
		return fmt.Errorf("it is in %q, not in USD", shortened(row[at.currency]))
	}
	day, err := dayOf(row[at.day])
	if err != nil {
		return err
	}
	key := [2]string{day, line}
	if f.sums[key] == nil {
		f.sums[key] = new(big.Rat)
	}
	f.sums[key].Add(f.sums[key], amount)
	return nil
}

// line is all that tells of the model.
func (at *costColumns) line(row []string) string {
	var all []string
	for _, i := range at.model {
		if text := strings.TrimSpace(row[i]); text != "" {
			all = append(all, text)
		}
	}
	text := strings.Join(all, " ")
	return strings.ToValidUTF8(text[:min(len(text), longestLine)], "?")
}

func (at *costColumns) isSold(row []string, line string) bool {
	if len(at.sells) == 0 || at.service < 0 {
		return true
	}
	text := strings.ToLower(row[at.service] + " " + line)
	return slices.ContainsFunc(at.sells, func(word string) bool { return strings.Contains(text, word) })
}

// amountPattern keeps exponents small: a number such as 1e999999999 would take all memory.
var amountPattern = regexp.MustCompile(`^-?[0-9]{1,15}(\.[0-9]{0,40})?([eE][+-]?[0-9]{1,2})?$`)

func costOf(text string) (*big.Rat, error) {
	text = strings.TrimPrefix(strings.TrimSpace(text), "$")
	if text == "" {
		return new(big.Rat), nil
	}
	amount, ok := new(big.Rat).SetString(text)
	if !amountPattern.MatchString(text) || !ok || amount.Cmp(big.NewRat(1e9, 1)) > 0 || amount.Cmp(big.NewRat(-1e9, 1)) < 0 {
		return nil, fmt.Errorf("%q is not an amount of dollars", shortened(text))
	}
	return amount, nil
}

// dayOf is the day of UTC that a day or a moment is of.
func dayOf(text string) (string, error) {
	text = strings.TrimSpace(text)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 1e9 && n < 1e10 {
		return time.Unix(n, 0).UTC().Format(time.DateOnly), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05 MST", "2006-01-02 15:04:05", "2006-01-02 15:04:05-07:00", "2006-01-02T15:04Z07:00"} {
		if at, err := time.Parse(layout, text); err == nil && at.Year() >= 2000 && at.Year() < 2200 {
			return at.UTC().Format(time.DateOnly), nil
		}
	}
	return "", fmt.Errorf("%q is not a day", shortened(text))
}

func shortened(text string) string {
	const most = 40
	return strings.ToValidUTF8(text[:min(len(text), most)], "?")
}

// note counts a row that cannot be read.
func (f *costFile) note(r *csv.Reader, err error) {
	if err == nil {
		return
	}
	f.bad++
	if len(f.why) < shownBadRows {
		var wrong *csv.ParseError
		if errors.As(err, &wrong) {
			f.why = append(f.why, fmt.Sprintf("line %d: %s", wrong.StartLine, wrong.Err))
			return
		}
		at, _ := r.FieldPos(0)
		f.why = append(f.why, fmt.Sprintf("line %d: %s", at, err))
	}
}

// lines are the sums, rounded once, half up.
func (f *costFile) lines() ([]ctl.CostLine, error) {
	keys := slices.SortedFunc(maps.Keys(f.sums), func(a, b [2]string) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	all := make([]ctl.CostLine, 0, len(keys))
	for _, k := range keys {
		nano := new(big.Rat).Mul(f.sums[k], big.NewRat(2e9, 1))
		n := new(big.Int).Add(nano.Num(), nano.Denom())
		n.Div(n, new(big.Int).Lsh(nano.Denom(), 1))
		if !n.IsInt64() {
			return nil, ctl.Errorf(ctl.BadRequest, "%s of %s costs more than can be counted", k[1], k[0])
		}
		all = append(all, ctl.CostLine{Day: k[0], Line: k[1], Cost: ctl.USD(n.Int64())})
	}
	return all, nil
}
