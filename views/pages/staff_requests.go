package pages

import (
	"offshoot/models"
	"offshoot/views/ui"
)

// featureLabel is what people call a feature of the Store.
func featureLabel(feature string) string {
	if feature == "sub_accounts" {
		return "Sub-account feature"
	}
	return feature
}

// fieldName tells the fields of the requests on the page apart.
func (p StaffRequests) fieldName(request models.ID) string { return "reason-" + request.String() }

func (p StaffRequests) fieldID(request models.ID) string { return ui.FieldID(p.fieldName(request)) }

func (p StaffRequests) reason(request models.ID) string {
	if request == p.Refusing {
		return p.Reason
	}
	return ""
}

func (p StaffRequests) problem(request models.ID) string {
	if request == p.Refusing {
		return fields(p.Refused)["reason"]
	}
	return ""
}

func (p StaffRequests) problems() []ui.Problem {
	if sentence := fields(p.Refused)["reason"]; sentence != "" {
		return []ui.Problem{{Field: p.fieldName(p.Refusing), Message: sentence}}
	}
	return nil
}
