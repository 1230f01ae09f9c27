package exports

import (
	"io"

	"offshoot/models"
)

// SubAccountDetailsCSV begins the file of sub-account details (REP-2), with exactly its columns. All amounts are in the
// parent's currency, which is every sub-account's.
func SubAccountDetailsCSV(w io.Writer) *Sheet[models.SubAccountDetails] {
	head := []string{"Name", "Email", "Mobile number", "Status", "Sharing balance", "Remaining balance", "Remaining units"}
	var amounts figures
	return newSheet(w, head, func(cells []string, d models.SubAccountDetails) {
		cells[0] = text(d.Name)
		cells[1] = text(d.Email)
		cells[2] = mobile(d.Mobile)
		cells[3] = text(d.Status.Label())
		cells[4] = amounts.text(&d.SharingBalance)
		cells[5] = amounts.text(&d.RemainingBalance)
		cells[6] = count(d.RemainingUnits)
	})
}
