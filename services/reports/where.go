package reports

import (
	"strconv"
	"strings"
)

// where collects the conditions of a hand-written query and their values.
type where struct {
	conditions []string
	args       []any
}

// arg adds a value and returns its place: "$3".
func (w *where) arg(value any) string {
	w.args = append(w.args, value)
	return "$" + strconv.Itoa(len(w.args))
}

// and adds a condition, in which each ? is the place of the next value.
func (w *where) and(condition string, values ...any) {
	for _, value := range values {
		condition = strings.Replace(condition, "?", w.arg(value), 1)
	}
	w.conditions = append(w.conditions, condition)
}

// String is what follows FROM: " WHERE …", or nothing.
func (w *where) String() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conditions, " AND ")
}
