package ui

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/a-h/templ"
)

// FieldID is the id of the input of that name, to which the lines of an ErrorSummary lead.
func FieldID(name string) string { return "field-" + name }

// Field is one line of text to fill in: label above, help below, and what is wrong with it.
type Field struct {
	Name         string
	Label        string
	Value        string // as it was typed
	Help         string
	Problem      string // "" while nothing is wrong
	Type         string // "text" when empty
	ID           string // FieldID(Name) when empty; set it where a page has the name twice
	Autocomplete string
	Inputmode    string // "decimal" for amounts, "numeric" for codes
	Placeholder  string
	Prefix       string // fixed text before what is typed
	Suffix       string // fixed text after it: a currency code
	Optional     bool
	Autofocus    bool
	Short        bool     // as wide as an amount or a code
	Suggestions  []string // offered while typing; other values are fine
	Attributes   templ.Attributes
}

func (f Field) Render(ctx context.Context, w io.Writer) error { return f.view().Render(ctx, w) }

// FixedField is a value that can't be changed here, with the reason.
type FixedField struct {
	Label string
	Value string
	Why   string
}

func (f FixedField) Render(ctx context.Context, w io.Writer) error { return f.view().Render(ctx, w) }

// Textarea is several lines of text.
type Textarea struct {
	Name, Label, Value, Help, Problem string
	ID                                string
	Rows                              int // 3 when 0
	Optional                          bool
}

func (t Textarea) Render(ctx context.Context, w io.Writer) error { return t.view().Render(ctx, w) }

// Option is one choice of a Select.
type Option struct {
	Value string
	Label string
	Group string // options of one group follow each other under its name
}

// Select is a choice of one out of a list. Searchable gives it a box to type in where scripts run: for lists too long to
// look through, such as countries and time zones.
type Select struct {
	Name, Label, Value, Help, Problem string
	ID                                string
	Options                           []Option
	Empty                             string // label of the choice of nothing; "" leaves it out
	Searchable                        bool
	Optional                          bool
	Attributes                        templ.Attributes
}

func (s Select) Render(ctx context.Context, w io.Writer) error { return s.view().Render(ctx, w) }

// Checkbox is a yes or no with a sentence of explanation. What is sent when it is ticked is Value, "yes" when empty.
type Checkbox struct {
	Name, Value, Label, Help, Problem string
	ID                                string // FieldID(Name), with Value where there is one
	Checked                           bool
	Why                               string // not empty: it can't be changed, and this says why
}

func (c Checkbox) Render(ctx context.Context, w io.Writer) error { return c.view().Render(ctx, w) }

// RadioCard is one choice of RadioCards.
type RadioCard struct {
	Value, Label, Help string
	Icon               string
	Why                string          // not empty: it can't be chosen, and this says why
	Detail             templ.Component // shown while it is chosen
}

// RadioCards is a choice of one out of a few that need explaining.
type RadioCards struct {
	Name, Legend, Value, Help, Problem string
	Cards                              []RadioCard
	Stacked                            bool // below each other, for cards with details
}

func (r RadioCards) Render(ctx context.Context, w io.Writer) error { return r.view().Render(ctx, w) }

// Problem is what is wrong with one field.
type Problem struct{ Field, Message string }

// ProblemList puts the sentences about single fields in the order in which the form shows the fields; those that order
// does not name follow by name.
func ProblemList(fields map[string]string, order ...string) []Problem {
	rest := make([]string, 0, len(fields))
	for name := range fields {
		if !slices.Contains(order, name) {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	var problems []Problem
	for _, name := range slices.Concat(order, rest) {
		if sentence := fields[name]; sentence != "" {
			problems = append(problems, Problem{Field: name, Message: sentence})
		}
	}
	return problems
}

// ErrorSummary stands above a form that was refused: Message is about the form as a whole, Problems links to each field.
// The first problem has the focus when the page opens; without problems the message has it. Empty, it shows nothing.
type ErrorSummary struct {
	Message  string
	Problems []Problem
}

func (e ErrorSummary) Render(ctx context.Context, w io.Writer) error { return e.view().Render(ctx, w) }

// SecretField shows a secret once, with a button that copies it.
type SecretField struct {
	Label, Value, Help string
}

func (s SecretField) Render(ctx context.Context, w io.Writer) error { return s.view().Render(ctx, w) }

// idOr is the element's own id, or the one its name gives it.
func idOr(id, name string) string {
	if id != "" {
		return id
	}
	return FieldID(name)
}

// describedBy lists the ids of the help and the error that stand below an input; "" when there are none.
func describedBy(id, help, problem string) string {
	var ids []string
	if problem != "" {
		ids = append(ids, id+"-error")
	}
	if help != "" {
		ids = append(ids, id+"-help")
	}
	return strings.Join(ids, " ")
}

func typeOr(kind string) string {
	if kind == "" {
		return "text"
	}
	return kind
}

func (c Checkbox) id() string {
	if c.ID == "" && c.Value != "" {
		return FieldID(c.Name) + "-" + c.Value
	}
	return idOr(c.ID, c.Name)
}

func (c Checkbox) value() string {
	if c.Value == "" {
		return "yes"
	}
	return c.Value
}

// optionGroup is a run of options of one group.
type optionGroup struct {
	name    string
	options []Option
}

func groupsOf(options []Option) []optionGroup {
	var groups []optionGroup
	for _, option := range options {
		if last := len(groups) - 1; last >= 0 && groups[last].name == option.Group {
			groups[last].options = append(groups[last].options, option)
			continue
		}
		groups = append(groups, optionGroup{option.Group, []Option{option}})
	}
	return groups
}

// PostedIn is the name of the hidden field that says in which account a form was made.
const PostedIn = "posted_in"
