package ledger

// The statements of a charge, for pgbench.
const (
	SelectPayers  = selectPayers
	LockWallets   = lockByID
	FindCharges   = findCharges
	InsertCharges = insertCharges
	PostTransfers = postTransfers
)
