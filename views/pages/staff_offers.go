package pages

import (
	"context"
	"strings"

	"github.com/shopspring/decimal"

	"offshoot/models"
	"offshoot/views/layouts"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

// StaffOffers are the packages of the operator's catalogue.
type StaffOffers struct {
	Frame     layouts.Frame
	Offers    []models.PackageOffer
	MayChange bool
}

func (p StaffOffers) add() *ui.Action {
	if !p.MayChange {
		return nil
	}
	return &ui.Action{Label: "Add package", Href: paths.NewStaffOffer(), Icon: "plus"}
}

func (p StaffOffers) link(o models.PackageOffer) string {
	if !p.MayChange {
		return ""
	}
	return paths.StaffOffer(o.ID)
}

// PriceField begins the names of the fields of prices; the currency follows.
const PriceField = "price-"

// OfferForm is what the form of a package holds, as typed.
type OfferForm struct {
	Name, Units, Validity, Countries string
	Prices                           map[string]string // by currency
	OnSale                           bool
	Version                          int
}

// StaffOffer is the form of a package of the catalogue: a new one where it has no ID.
type StaffOffer struct {
	Frame      layouts.Frame
	ID         models.ID
	Form       OfferForm
	Currencies []string
	Refused    *models.Error
}

func (p StaffOffer) isNew() bool { return p.ID == models.NoID }

func (p StaffOffer) title() string {
	if p.isNew() {
		return "Add package"
	}
	return "Edit package"
}

func (p StaffOffer) action() string {
	if p.isNew() {
		return paths.StaffOffers()
	}
	return paths.StaffOffer(p.ID)
}

func (p StaffOffer) button() string {
	if p.isNew() {
		return "Add package"
	}
	return "Save"
}

// priceProblem is what is wrong with one price, or, at the first of them, with all.
func (p StaffOffer) priceProblem(i int) string {
	if own := fields(p.Refused)[PriceField+p.Currencies[i]]; own != "" || i > 0 {
		return own
	}
	return fields(p.Refused)["prices"]
}

// problems leads from what is wrong with all prices to the first of them.
func (p StaffOffer) problems() []ui.Problem {
	order := []string{"name", "units", "validity", "countries", "prices"}
	for _, currency := range p.Currencies {
		order = append(order, PriceField+currency)
	}
	problems := ui.ProblemList(fields(p.Refused), order...)
	for i := range problems {
		if problems[i].Field == "prices" && len(p.Currencies) > 0 {
			problems[i].Field = PriceField + p.Currencies[0]
		}
	}
	return problems
}

// GrantForm is what the form of a granted package holds, as typed.
type GrantForm struct{ Offer, Reason, Key string }

// NewGrant is the form by which staff give a parent a package.
type NewGrant struct {
	Frame   layouts.Frame
	Parent  models.ShownAccount
	Offers  []models.PackageOffer
	Form    GrantForm
	Refused *models.Error
}

func (p NewGrant) back() string { return paths.StaffAccount(p.Parent.TenantID, p.Parent.ID) }

func (p NewGrant) options(ctx context.Context) []ui.Option {
	var options []ui.Option
	for _, o := range p.Offers {
		label := o.Name + " – " + ui.CountText(ctx, o.Units) + " units, " + days(ctx, o.ValidityDays) + ", " + coverage(o.Countries, 3)
		options = append(options, ui.Option{Value: o.ID.String(), Label: label})
	}
	return options
}

// coverage names countries, or as many as fit and how many more.
func coverage(countries []string, most int) string {
	if len(countries) == 0 {
		return "All countries"
	}
	var names []string
	for i, code := range countries {
		if i == most {
			return strings.Join(names, ", ") + " and " + decimal.NewFromInt(int64(len(countries)-most)).String() + " more"
		}
		names = append(names, models.CountryName(code))
	}
	return strings.Join(names, ", ")
}

func days(ctx context.Context, n int) string {
	if n == 1 {
		return "1 day"
	}
	return ui.CountText(ctx, int64(n)) + " days"
}

func units(ctx context.Context, n int64) string {
	if n == 1 {
		return "1 unit"
	}
	return ui.CountText(ctx, n) + " units"
}

// perUnit is what one unit of a package costs, to a hundredth of a cent.
func perUnit(o models.PackageOffer, price models.Money) models.Money {
	return models.Money{Amount: price.Amount.Div(decimal.NewFromInt(o.Units)).Round(4), Asset: price.Asset}
}
