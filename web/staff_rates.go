package web

import (
	"io"
	"net/http"
	"strings"
	"time"

	"offshoot/models"
	"offshoot/services/billing"
	"offshoot/views/exports"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

func (s *Server) listRates(v *visit) error {
	query := paths.ParseRateQuery(v.QueryParams())
	card, err := s.Billing.Rates(v.ctx(), v.actor, query)
	if err != nil {
		return err
	}
	currencies, err := s.Billing.RateCurrencies(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	frame, err := v.frame("Rates & packages")
	if err != nil {
		return err
	}
	frame.Search = nil // the list has its own
	return v.page(http.StatusOK, pages.StaffRates{Frame: frame, Query: query, Card: card, Currencies: currencies, MayChange: v.actor.Can(models.ManageOperator)}.View())
}

func (s *Server) exportRates(v *visit) error {
	query := paths.ParseRateQuery(v.QueryParams())
	zone := v.operatorZone()
	today := models.LastDays(1, s.Store.Now(), zone)
	return download(v, exports.FileName("rates", query.Currency, models.Days{To: today.To, Zone: zone}), func() *exports.Sheet[models.Rate] {
		return exports.RatesCSV(v.Response(), zone)
	}, func(each func(models.Rate) error) error {
		return s.Billing.ExportRates(v.ctx(), v.actor, query, each)
	})
}

func (s *Server) showRate(v *visit) error { return v.rate(http.StatusOK, nil) }

func (v *visit) rate(status int, refused *models.Error) error {
	currency, country := v.Param("currency"), v.Param("country")
	lines, err := v.server.Billing.RateHistory(v.ctx(), v.actor, currency, country)
	if err != nil {
		return err
	}
	frame, err := v.frame("Rates & packages")
	if err != nil {
		return err
	}
	return v.page(status, pages.StaffRate{Frame: frame, Currency: currency, Country: country, Lines: lines, Now: v.server.Store.Now(),
		MayChange: v.actor.Can(models.ManageOperator), Refused: refused}.View())
}

func (s *Server) deleteRate(v *visit) error {
	currency, country := v.Param("currency"), v.Param("country")
	if !models.IsCurrency(currency) || !models.IsCountry(country) {
		return billing.ErrNoSuchRate
	}
	from, err := time.Parse(time.RFC3339Nano, v.field("from"))
	if err != nil || from.Year() < 1970 || from.Year() > 9999 {
		return errBadForm
	}
	err = s.Billing.DropRate(v.ctx(), v.actor, currency, country, from)
	if refused, ok := refusalOf(err); ok {
		return v.rate(formStatus(refused), refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.RateList(models.RateQuery{Country: country, Currency: currency}), "The planned price is dropped.")
}

func (s *Server) newRate(v *visit) error {
	query := v.QueryParams()
	return v.rateForm(http.StatusOK, pages.RateForm{Currency: query.Get("currency"), Country: query.Get("country")}, nil)
}

func (s *Server) createRate(v *visit) error {
	form := pages.RateForm{Currency: v.field("currency"), Country: v.field("country"), Price: v.field("price"), From: v.trimmed("from")}
	order := billing.RateOrder{Currency: form.Currency, Country: form.Country}
	price, wrong := models.ParsePrice(form.Price, form.Currency)
	order.Price = price
	err := atField("price", wrong, order.Validate())
	if day, ok := models.ParseDay(form.From); ok {
		order.From = day
	} else if form.From != "" {
		err = atField("from", models.ErrCheckFields.Saying("Write the day like "+models.DayOf(s.Store.Now(), v.operatorZone()).String()+"."), err)
	}
	var rate models.Rate
	if err == nil {
		rate, err = s.Billing.SetRate(v.ctx(), v.actor, order)
	}
	if refused, ok := refusalOf(err); ok {
		return v.rateForm(formStatus(refused), form, refused)
	}
	if err != nil {
		return err
	}
	said := "The price is in force."
	if rate.From.After(s.Store.Now()) {
		said = "The price is planned."
	}
	return v.done(paths.StaffRate(order.Currency, order.Country), said)
}

func (v *visit) rateForm(status int, form pages.RateForm, refused *models.Error) error {
	page := pages.StaffNewRate{Form: form, Refused: refused, Zone: v.operatorZone().String()}
	if models.IsCurrency(form.Currency) && models.IsCountry(form.Country) {
		card, err := v.server.Billing.Rates(v.ctx(), v.actor, models.RateQuery{Currency: form.Currency, Country: form.Country})
		if err != nil {
			return err
		}
		for _, line := range card.Lines { // a code may stand in the name of another country
			if line.Country == form.Country {
				page.Now = &line
			}
		}
	}
	var err error
	if page.Frame, err = v.frame("Rates & packages"); err != nil {
		return err
	}
	return v.page(status, page.View())
}

func (s *Server) newRateImport(v *visit) error {
	return v.rateImport(http.StatusOK, pages.StaffRateImport{})
}

// previewRateImport shows what a file would do, and carries the file along to be applied.
func (s *Server) previewRateImport(v *visit) error {
	page := pages.StaffRateImport{Key: newKey(), CSV: v.field("text")}
	var file io.Reader = strings.NewReader(page.CSV)
	if v.file != nil {
		page.CSV, file = "", v.file
	}
	return v.previewRates(file, page)
}

func (s *Server) createRateImport(v *visit) error {
	key, err := v.moneyKey()
	if err != nil {
		return err
	}
	file := v.field("text")
	_, err = s.Billing.ImportRates(v.ctx(), v.actor, strings.NewReader(file), v.field("seal"), key)
	if refused, ok := refusalOf(err); ok {
		return v.previewRates(strings.NewReader(file), pages.StaffRateImport{Key: keyAfter(refused, key), CSV: file, Refused: refused})
	}
	if err != nil {
		return err
	}
	return v.done(paths.StaffRates(), "The rate card is imported.")
}

// previewRates shows what a file would do. The page carries along what it would set.
func (v *visit) previewRates(file io.Reader, page pages.StaffRateImport) error {
	status := http.StatusOK
	if page.Refused != nil {
		status = formStatus(page.Refused)
	}
	seen, err := v.server.Billing.PreviewRates(v.ctx(), v.actor, file)
	v.drain()
	if unread, ok := refusalOf(err); ok {
		page.Refused = unread
		return v.rateImport(formStatus(unread), page)
	}
	if err != nil {
		return err
	}
	page.Import, page.CSV = &seen, billing.RatesToApply(seen)
	return v.rateImport(status, page)
}

func (v *visit) rateImport(status int, page pages.StaffRateImport) (err error) {
	page.Zone = v.operatorZone().String()
	if page.Frame, err = v.frame("Import rates"); err != nil {
		return err
	}
	return v.page(status, page.View())
}

// operatorZone is the zone in which the days of the catalogue begin, whatever the person's own is.
func (v *visit) operatorZone() *time.Location { return v.session.Account.Zone() }
