package pages

import (
	"offshoot/models"
	"offshoot/views/ui"
)

// FeatureField is the name of the field that says what a sub-account gets of a part of the menu.
func FeatureField(key string) string { return "feature-" + key }

// access is what the form shows of a part: what was chosen and came back, or the draft, or what counts.
func (p SubAccountPrivileges) access(f models.FeatureSetting) models.FeatureAccess {
	if chosen, ok := p.Chosen[f.Key]; ok {
		return chosen
	}
	return f.Shown()
}

// isDraft says whether there is a draft that somebody has to publish or discard.
func (p SubAccountPrivileges) isDraft() bool {
	for _, f := range p.Features {
		if f.Draft != "" {
			return true
		}
	}
	return false
}

// lacks is the privilege without which a sub-account gets nothing of a part, whatever is chosen here.
func (p SubAccountPrivileges) lacks(f models.FeatureSetting) string {
	needed := map[string]models.Privilege{"interactive": models.InteractiveMessages, "billing": models.BillingPayments, "store": models.BillingPayments}[f.Key]
	for _, g := range models.GrantablePrivileges {
		if g.Privilege != needed {
			continue
		}
		for _, has := range p.Account.Privileges {
			if has == needed {
				return ""
			}
		}
		return g.Label
	}
	return ""
}

func (p SubAccountPrivileges) featureProblems() []ui.Problem {
	var problems []ui.Problem
	for _, f := range models.MenuFeatures {
		if sentence := fields(p.FeaturesRefused)[f.Key]; sentence != "" {
			problems = append(problems, ui.Problem{Field: FeatureField(f.Key), Message: f.Label + ": " + sentence})
		}
	}
	return problems
}
