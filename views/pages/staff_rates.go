package pages

import (
	"context"
	"strconv"
	"time"

	"github.com/a-h/templ"
	"github.com/shopspring/decimal"

	"offshoot/models"
	"offshoot/views/layouts"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

// StaffRates is the operator's rate card.
type StaffRates struct {
	Frame      layouts.Frame
	Query      models.RateQuery
	Card       models.RateCard
	Currencies []string // that there are prices in
	MayChange  bool
}

// catalogueTabs are the two parts of Rates & packages.
func catalogueTabs(current string) templ.Component {
	return ui.Tabs{Label: "Rates & packages", Tabs: []ui.Tab{
		{Label: "Rates", Href: paths.StaffRates(), Current: current == paths.StaffRates()},
		{Label: "Packages", Href: paths.StaffOffers(), Current: current == paths.StaffOffers()},
	}}
}

func (p StaffRates) head() templ.Component {
	head := ui.PageHead{Title: "Rates & packages", Text: "What one part of a message costs, by destination. A price that has come into force is never changed: a new one follows it."}
	if p.MayChange {
		head.Primary = &ui.Action{Label: "Set a price", Href: paths.StaffNewRate(), Icon: "plus"}
		head.Others = append(head.Others, ui.Action{Label: "Import", Href: paths.StaffRateImport(), Icon: "upload"})
	}
	head.Others = append(head.Others, ui.Action{Label: "Export CSV", Href: paths.RateFile(p.Query), Icon: "download", Download: true})
	return head
}

func (p StaffRates) isFiltered() bool { return p.Query.Country != "" || p.Query.Currency != "" }

func (p StaffRates) pills() templ.Component {
	with := func(currency string) string {
		return paths.RateList(models.RateQuery{Country: p.Query.Country, Currency: currency})
	}
	filter := ui.Filter{ID: "filter-currency", Label: "Currency", Chosen: p.Query.Currency, Remove: with("")}
	for _, code := range p.Currencies {
		filter.Options = append(filter.Options, ui.FilterOption{Label: code, Href: with(code), Current: code == p.Query.Currency})
	}
	return ui.Pills{Filters: []ui.Filter{filter}, Clear: paths.StaffRates()}
}

func (p StaffRates) kept() []ui.Hidden {
	if p.Query.Currency == "" {
		return nil
	}
	return []ui.Hidden{{Name: "currency", Value: p.Query.Currency}}
}

func (p StaffRates) pager() templ.Component {
	var pager ui.Pager
	q := p.Query
	if q.After != "" {
		q.After = ""
		pager.First = paths.RateList(q)
	}
	if p.Card.Next != "" {
		q.After = p.Card.Next
		pager.Older = paths.RateList(q)
	}
	return pager
}

func (p StaffRates) empty() templ.Component {
	if p.isFiltered() || p.Query.After != "" {
		return ui.Empty{Icon: "search", Title: "No price matches", Text: "Search by the name of a country or its two-letter code.", Action: &ui.Action{Label: "Clear all", Href: paths.StaffRates()}}
	}
	e := ui.Empty{Icon: "world", Title: "No prices yet", Text: "Nothing can be sent to a country that has no price. Import your rate card, or set the first price."}
	if p.MayChange {
		e.Action = &ui.Action{Label: "Import", Href: paths.StaffRateImport(), Icon: "upload"}
	}
	return e
}

// StaffRate is every price that a country has had and will have in a currency.
type StaffRate struct {
	Frame     layouts.Frame
	Currency  string
	Country   string
	Lines     []models.Rate // newest first
	Now       time.Time
	MayChange bool
	Refused   *models.Error // of dropping one
}

// state says how a line stands, given its place.
func (p StaffRate) state(i int) string {
	switch {
	case p.Lines[i].From.After(p.Now):
		return "Planned"
	case i == 0 || p.Lines[i-1].From.After(p.Now):
		return "In force"
	}
	return "Past"
}

func (p StaffRate) tone(i int) ui.Tone {
	switch p.state(i) {
	case "Planned":
		return ui.Info
	case "In force":
		return ui.Good
	}
	return ui.Neutral
}

// change is how far a line is from the one before it.
func (p StaffRate) change(ctx context.Context, i int) string {
	if i+1 >= len(p.Lines) {
		return ""
	}
	return percent(ctx, p.Lines[i+1].Price, p.Lines[i].Price)
}

func (p StaffRate) dropping(i int) *ui.Action {
	if !p.MayChange || p.state(i) != "Planned" {
		return nil
	}
	return &ui.Action{Label: "Drop", Href: paths.StaffRateRemoval(p.Currency, p.Country), Post: true, Icon: "trash",
		Hidden:  []ui.Hidden{{Name: "from", Value: p.Lines[i].From.UTC().Format(time.RFC3339Nano)}},
		Confirm: "Drop the planned price? What holds before it goes on."}
}

// percent is how much more or less a price is than another: "+12,5 %".
func percent(ctx context.Context, before, after models.Money) string {
	if !before.IsPositive() {
		return ""
	}
	change := after.Amount.Sub(before.Amount).Mul(decimal.NewFromInt(100)).Div(before.Amount).Round(1)
	sign := ""
	if change.IsPositive() {
		sign = "+"
	}
	return sign + ui.FigureText(ctx, change.String()) + " %"
}

// RateForm is what the form of a price holds, as typed.
type RateForm struct{ Currency, Country, Price, From string }

// StaffNewRate is the form of one price.
type StaffNewRate struct {
	Frame   layouts.Frame
	Form    RateForm
	Now     *models.RateStanding // of the country and currency, where both are given and have one
	Zone    string               // the operator's
	Refused *models.Error
}

func (p StaffNewRate) back() *ui.Action {
	if p.Now != nil {
		return &ui.Action{Label: models.CountryName(p.Form.Country), Href: paths.StaffRate(p.Form.Currency, p.Form.Country)}
	}
	return &ui.Action{Label: "Rates", Href: paths.StaffRates()}
}

// StaffRateImport is the import of a rate card: choosing the file, or what it would do.
type StaffRateImport struct {
	Frame   layouts.Frame
	CSV     string // what was pasted; of an Import, what it sets
	Key     string
	Import  *models.RateImport // nil: no file yet
	Zone    string
	Refused *models.Error
}

// shownRows is how many rows of an import a page shows; those that need looking at come first.
const shownRows = 300

func (p StaffRateImport) rows() []models.ImportedRate {
	return p.Import.Rows[:min(len(p.Import.Rows), shownRows)]
}

func (p StaffRateImport) unshown() int64 { return int64(len(p.Import.Rows) - len(p.rows())) }

func outcomeBadge(o models.RateOutcome) ui.Badge {
	switch o {
	case models.RateNew:
		return ui.Badge{Label: "New", Tone: ui.Info}
	case models.RateChanged:
		return ui.Badge{Label: "Changed", Tone: ui.Warning}
	case models.RateUnchanged:
		return ui.Badge{Label: "Unchanged", Tone: ui.Neutral}
	}
	return ui.Badge{Label: "Refused", Tone: ui.Bad}
}

func (p StaffRateImport) applyLabel(ctx context.Context) string {
	n := int64(p.Import.Changes())
	if n == 1 {
		return "Apply 1 price"
	}
	return "Apply " + ui.CountText(ctx, n) + " prices"
}

func rowNumber(n int) string { return "Row " + strconv.Itoa(n) }
