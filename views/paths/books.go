package paths

import "offshoot/models"

// The checks of the books.
func StaffBooks() string                      { return "/staff/books" }
func StaffBook(tenant models.ID) string       { return "/staff/books/" + tenant.String() }
func StaffBookCheck(tenant models.ID) string  { return StaffBook(tenant) + "/checks" }
func StaffUnfreezing(tenant models.ID) string { return StaffBook(tenant) + "/unfreezing" }
