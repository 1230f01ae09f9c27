package web

import (
	"net/http"
	"net/url"

	"offshoot/models"
	"offshoot/views/exports"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

// showMonthStart is the rehearsal of the next month start, or how the month that runs has started.
func (s *Server) showMonthStart(v *visit) error {
	if v.session.Account.SubAccountsEnabled == nil {
		return s.subAccountsOff(v)
	}
	return v.monthStart(http.StatusOK, v.QueryParams(), pages.MonthStart{})
}

func (v *visit) monthStart(status int, query url.Values, page pages.MonthStart) error {
	q, now := paths.ParseMonthQuery(query)
	page.Query, page.MayManage = q, v.actor.Can(models.ManageSubAccounts)
	if now {
		found, err := v.server.Funding.ThisMonth(v.ctx(), v.actor, q)
		if err != nil {
			return err
		}
		page.Now = &found
	} else {
		found, err := v.server.Funding.Rehearse(v.ctx(), v.actor, q)
		if err != nil {
			return err
		}
		page.Rehearsal = &found
	}
	var err error
	if page.Frame, err = v.frame("Month start"); err != nil {
		return err
	}
	return v.page(status, page.View())
}

func (s *Server) exportMonthStart(v *visit) error {
	r, err := s.Funding.RehearseAll(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	zone := models.Account{TimeZone: r.Zone}.Zone()
	name := exports.FileName("month-start", v.session.Account.Name, models.Days{To: models.DayOf(r.At, zone), Zone: zone})
	return download(v, name, func() *exports.Sheet[models.MonthTurn] { return exports.MonthStartCSV(v.Response()) }, func(each func(models.MonthTurn) error) error {
		for _, t := range r.Turns {
			if err := each(t); err != nil {
				return err
			}
		}
		return nil
	})
}

// updatePriority changes who comes first; the form stands in a row of the page, which is shown again.
func (s *Server) updatePriority(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	err = s.Funding.SetPriority(v.ctx(), v.actor, id, v.field("priority"))
	if refused, ok := refusalOf(err); ok && refused.Kind == models.Invalid {
		return v.monthStart(formStatus(refused), v.typed, pages.MonthStart{Refused: refused, Typed: map[models.ID]string{id: v.field("priority")}})
	}
	if err != nil {
		return err
	}
	q, now := paths.ParseMonthQuery(v.typed)
	if now {
		return v.done(paths.MonthNow(q), "The priority is saved.")
	}
	return v.done(paths.MonthStart(q), "The priority is saved.")
}

// funding is what was typed about how a sub-account is funded.
func (v *visit) funding() pages.FundingForm {
	return pages.FundingForm{Funding: v.field("funding"), StartingAmount: v.field("starting_amount"), Limit: v.field("limit"), Priority: v.field("priority"),
		CapDay: v.field("cap_day"), CapMonth: v.field("cap_month")}
}
