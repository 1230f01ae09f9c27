package proof

// Rule is one thing that must hold in the books of every tenant, at every moment that anybody else can see.
type Rule struct {
	Key     string // names it in --json and in what is kept
	Says    string // what must hold
	Means   string // what has happened where it does not
	Freezes bool   // a fault means that an amount cannot be trusted, so nothing moves any more
}

// rules are all of them, in the order in which they are told.
var rules = []Rule{
	{"zero_sum", "The entries of a transfer sum to zero", "An amount appeared or vanished within a transfer.", true},
	{"two_sides", "A transfer has two entries or more", "One side of a transfer is missing, or all of it.", true},
	{"belongs", "An entry belongs to a transfer of its moment and to a wallet of its asset", "An entry stands alone, or was changed.", true},
	{"ways", "A transfer moves between the wallets that its kind says", "An amount was moved where it must not go: units made of nothing, for instance.", true},
	{"running", "An entry says what the balance was after it", "An entry was changed, or written past the others.", true},
	{"numbered", "A wallet's entries are numbered 1, 2, 3 … without a gap", "An entry was removed.", true},
	{"in_order", "A wallet's entries never go back in time", "An entry was changed, or written past the others.", true},
	{"balance", "A balance is what its entries say, counted and dated", "A balance was changed without a transfer.", true},
	{"floor", "No balance is below what it may be", "More was taken out than there was.", true},
	{"assets", "All wallets of an asset sum to zero", "The tenant as a whole has too much or too little.", true},
	{"allocated", "What a parent has given is what its transfers say", "The figure of what was given to a sub-account is wrong.", true},
	{"logged", "A movement stands in the action log once, with its amount", "A movement is not logged, or logged wrongly.", true},
	{"moved", "A log line of a movement has its transfer", "The action log tells of a movement that the books do not have.", true},
	{"charged", "A transfer that charges has its charges", "Somebody paid for usage that is not recorded.", true},
	{"paid", "A charge is paid by its transfer", "Usage is recorded as paid, and was not.", true},
	{"messages_paid", "What messages cost is what the transfers that paid for them took", "A message says another price than was taken for it.", true},
	{"messages_refunded", "What messages were given back is what the refunds gave", "A message says another refund than was given for it.", true},
	{"messages_named", "A message that cost something names what paid", "A message was sent without being paid, or refunded without having been.", true},
	{"closed_empty", "A closed account holds nothing", "What a deactivated or deleted account had was not returned.", true},
	{"standing", "A deactivated or deleted sub-account is closed, and no other", "An amount could move where it must not, or cannot where it should.", true},
	{"owned", "A wallet belongs to an account, and one of units to a package", "A wallet's account or package is gone.", true},
	{"size", "No more units of a package were issued than it has", "Units were made of nothing.", true},
	{"conserved", "The units of a package that were issued are held, used or ended", "Units of a package appeared or vanished.", true},
	{"expired", "Of an ended package nothing is left", "Units of a package outlived it.", true},
	{"recharges", "A recharge has its transfer, and the fall that caused it", "An automatic recharge was made without need, or says what it did not do.", true},
	{"limits", "Only a sub-account that is funded so has a monthly limit", "A limit would be moved to an account that has none.", true},
	{"accounts", "An account belongs to a tenant and has its wallets", "An account is nobody's, or cannot hold anything.", true},
	{"keys", "A one-time key names what it stands for", "A form that is sent again could do its work twice.", false},
	{"units_held", "The list's units are those in a sub-account's wallets", "The list of sub-accounts shows a wrong number of units. No amount is wrong.", false},
	{"drawn", "What was drawn of a parent's balance in a day and a month is what the entries say", "A cap holds too early or too late. No amount is wrong.", false},
	{"falls", "A fall is open while its balance is under the threshold, and no longer", "Somebody is not told of a low balance, or not recharged. No amount is wrong.", false},
	{"usage", "Usage reports are what messages and charges say", "A report shows wrong sums. No amount is wrong.", false},
}

var ruleOf = func() map[string]Rule {
	m := map[string]Rule{}
	for _, r := range rules {
		m[r.Key] = r
	}
	return m
}()

// Rules are everything that is checked.
func Rules() []Rule { return rules }
