package web

import (
	"net/http"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/views/pages"
	"offshoot/views/paths"
)

const latest = 5 // lines of a list of which a page shows the beginning

func (s *Server) showAccount(v *visit) error {
	tenant, id, err := v.tenantAndID()
	if err != nil {
		return err
	}
	return v.staffAccount(http.StatusOK, tenant, id, nil, nil)
}

// staffAccount is the page of an account, also when one of its forms comes back refused: credit is then what was typed.
func (v *visit) staffAccount(status int, tenant, id models.ID, credit *string, refused *models.Error) error {
	return v.staffAccountWith(status, tenant, id, refused, func(page *pages.StaffAccount) {
		if credit != nil {
			page.Credit = *credit
		}
	})
}

func (v *visit) staffAccountWith(status int, tenant, id models.ID, refused *models.Error, typed func(*pages.StaffAccount)) error {
	s, actor := v.server, v.actor.In(tenant)
	shown, err := s.Accounts.Show(v.ctx(), actor, id)
	if err != nil {
		return err
	}
	access, err := v.accessTo(shown.Account)
	if err != nil {
		return err
	}
	page := pages.StaffAccount{Shown: shown, Access: access, Credit: shown.Balance.Credit.Text(), Refused: refused,
		May: pages.StaffRights{Manage: v.actor.Can(models.ManageParents), Money: v.actor.Can(models.RecordMoney), Usage: v.actor.Can(models.RecordUsage)}}
	typed(&page)
	accesses, err := s.Identity.AccessesOf(v.ctx(), actor, id, models.NoID, latest)
	if err != nil {
		return err
	}
	page.Accesses = accessLines(accesses.Lines, shown.Parent.Name)
	if shown.Kind == models.Parent {
		payments, err := s.Ledger.Payments(v.ctx(), actor, models.PaymentQuery{Size: latest})
		if err != nil {
			return err
		}
		page.Payments = payments.Lines
		page.Query = models.AccountQuery{Search: v.QueryParam("sub"), After: v.QueryParam("after"), Before: v.QueryParam("before")}
		if page.SubAccounts, err = s.Accounts.List(v.ctx(), actor, page.Query); err != nil {
			return err
		}
	}
	if page.Frame, err = v.frame(shown.Name); err != nil {
		return err
	}
	return v.page(status, page.View())
}

func (s *Server) updateCreditLine(v *visit) error {
	tenant, err := v.id("tenant")
	if err != nil {
		return err
	}
	credit := v.field("credit")
	err = s.Accounts.SetCreditLine(v.ctx(), v.actor, tenant, credit)
	if refused, ok := refusalOf(err); ok {
		return v.staffAccount(formStatus(refused), tenant, tenant, &credit, refused)
	}
	if err != nil {
		return err
	}
	return v.done(paths.StaffAccount(tenant, tenant), "The credit line is saved.")
}

func (s *Server) updatePlan(v *visit) error {
	tenant, err := v.id("tenant")
	if err != nil {
		return err
	}
	plan, credit := models.Plan(v.field("plan")), v.field("plan_credit")
	err = s.Accounts.ChangePlan(v.ctx(), v.actor, tenant, plan, credit)
	if refused, ok := refusalOf(err); ok {
		return v.staffAccountWith(formStatus(refused), tenant, tenant, refused, func(page *pages.StaffAccount) { page.PlanCredit = credit })
	}
	if err != nil {
		return err
	}
	return v.done(paths.StaffAccount(tenant, tenant), "The account is "+plan.Label()+" now.")
}

func (s *Server) createParentActivation(v *visit) error {
	tenant, err := v.id("tenant")
	if err != nil {
		return err
	}
	method := models.ActivationMethod(v.field("method"))
	err = s.Accounts.ResendToParent(v.ctx(), v.actor, tenant, method)
	if refused, ok := refusalOf(err); ok {
		return v.staffAccount(formStatus(refused), tenant, tenant, nil, refused)
	}
	if err != nil {
		return err
	}
	parent, err := s.Accounts.Account(v.ctx(), v.actor.In(tenant), tenant)
	if err != nil {
		return err
	}
	return v.done(paths.StaffAccount(tenant, tenant), "The activation is sent again. "+sent(parent, method))
}

// parent is the parent account of the tenant in the path, as staff see it.
func (v *visit) parent() (models.ShownAccount, error) {
	tenant, err := v.id("tenant")
	if err != nil {
		return models.ShownAccount{}, err
	}
	shown, err := v.server.Accounts.Show(v.ctx(), v.actor.In(tenant), tenant)
	if err == nil && shown.Kind != models.Parent {
		err = accounts.ErrNoSuchAccount
	}
	return shown, err
}
