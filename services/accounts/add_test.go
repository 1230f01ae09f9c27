package accounts_test

import (
	"slices"
	"strings"
	"testing"

	"offshoot/models"
	"offshoot/services/accounts"
	"offshoot/services/identity"
	"offshoot/services/ledger"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

// ACC-2, BAL-1, Always: every field that is wrong is refused with a sentence next to it, and nothing changes.
func TestAddRefusesFields(t *testing.T) {
	w := storetest.NewWorld(t)
	type change = func(*accounts.SubAccountOrder)
	name := func(text string) change { return func(o *accounts.SubAccountOrder) { o.AccountName = text } }
	contact := func(text string) change { return func(o *accounts.SubAccountOrder) { o.ContactName = text } }
	email := func(text string) change { return func(o *accounts.SubAccountOrder) { o.Email = text } }
	mobile := func(text string) change { return func(o *accounts.SubAccountOrder) { o.Mobile = text } }
	country := func(text string) change { return func(o *accounts.SubAccountOrder) { o.Country = text } }
	zone := func(text string) change { return func(o *accounts.SubAccountOrder) { o.TimeZone = text } }
	amount := func(text string) change { return func(o *accounts.SubAccountOrder) { o.StartingAmount = text } }
	for _, c := range []struct {
		what, field string
		change      change
	}{
		{"no name", "account_name", name("")},
		{"a name of spaces", "account_name", name(" \u00a0 \u2003 ")},
		{"a name of signs", "account_name", name("— !")},
		{"a name of 61 characters", "account_name", name(strings.Repeat("ü", 61))},
		{"a name of a megabyte", "account_name", name(strings.Repeat("a", 1<<20))},
		{"a name with a NUL", "account_name", name("Day\x00Ward")},
		{"a name with a tab", "account_name", name("Day\tWard")},
		{"a name of two lines", "account_name", name("Day\nWard")},
		{"a name of two lines otherwise", "account_name", name("Day\u2028Ward")},
		{"a name that turns around", "account_name", name("Day \u202edraW")},
		{"a name with an isolate", "account_name", name("Day\u2067Ward")},
		{"a name with a zero-width space", "account_name", name("Day\u200bWard")},
		{"a name with a byte order mark", "account_name", name("\ufeffDay Ward")},
		{"a name with a word joiner", "account_name", name("Day\u2060Ward")},
		{"a name with a soft hyphen", "account_name", name("Day\u00adWard")},
		{"a name with an unseen operator", "account_name", name("Day\u2062Ward")},
		{"a name of a filler, which is a letter", "account_name", name("\u3164")},
		{"a name in broken UTF-8", "account_name", name("Day \xff Ward")},
		{"no contact", "contact_name", contact("")},
		{"a contact of 61 characters", "contact_name", contact(strings.Repeat("x", 61))},
		{"a contact with a bell", "contact_name", contact("Dana\aStein")},
		{"no e-mail", "email", email("  ")},
		{"an e-mail without a domain", "email", email("day")},
		{"an e-mail at a host", "email", email("day@localhost")},
		{"two e-mails", "email", email("day@clinic.example, night@clinic.example")},
		{"an e-mail with a name", "email", email("Day <day@clinic.example>")},
		{"an e-mail with a line", "email", email("day@clinic.example\r\nBcc: all@clinic.example")},
		{"an e-mail with umlauts", "email", email("tag@käfer.example")},
		{"an e-mail with a Kelvin sign", "email", email("\u212aim@clinic.example")},
		{"an e-mail in quotes", "email", email(`"day ward"@clinic.example`)},
		{"an e-mail of 255 characters", "email", email(strings.Repeat("a", 60) + "@" + strings.Repeat("b.", 95) + "exam")},
		{"no mobile", "mobile", mobile("")},
		{"words", "mobile", mobile("call me")},
		{"Arabic letters", "mobile", mobile("رقم")},
		{"too short", "mobile", mobile("0151 1")},
		{"too long", "mobile", mobile(strings.Repeat("0151", 20))},
		{"a megabyte of digits", "mobile", mobile(strings.Repeat("1", 1<<20))},
		{"a landline", "mobile", mobile("030 1234567")},
		{"of another country", "mobile", mobile("+353 85 012 3456")},
		{"toll-free", "mobile", mobile("0800 1234567")},
		{"no country", "country", country("")},
		{"an unknown country", "country", country("XX")},
		{"a country's name", "country", country("Germany")},
		{"a country of three letters", "country", country("DEU")},
		{"no zone", "time_zone", zone("")},
		{"the server's zone", "time_zone", zone("Local")},
		{"an unknown zone", "time_zone", zone("Europe/Atlantis")},
		{"a path for a zone", "time_zone", zone("../../etc/passwd")},
		{"an unknown privilege", "privileges", func(o *accounts.SubAccountOrder) { o.Privileges = []models.Privilege{"root"} }},
		{"a privilege of parents", "privileges", func(o *accounts.SubAccountOrder) { o.Privileges = []models.Privilege{models.ManageSubAccounts} }},
		{"no funding", "funding", func(o *accounts.SubAccountOrder) { o.Funding = "" }},
		{"an unknown funding", "funding", func(o *accounts.SubAccountOrder) { o.Funding = "card" }},
		{"no method", "method", func(o *accounts.SubAccountOrder) { o.Method = "" }},
		{"nothing", "starting_amount", amount("0")},
		{"less than nothing", "starting_amount", amount("-5")},
		{"less than nothing by another sign", "starting_amount", amount("\u22125")},
		{"an exponent", "starting_amount", amount("1e9")},
		{"Arabic digits", "starting_amount", amount("٢٥")},
		{"a comma", "starting_amount", amount("25,00")},
		{"three decimals", "starting_amount", amount("25.001")},
		{"a megabyte of amount", "starting_amount", amount(strings.Repeat("9", 1<<20))},
	} {
		t.Run(c.what, func(t *testing.T) {
			unchanged(t, w, func() {
				_, err := w.Accounts.AddSubAccount(ctx, w.Clinic.Admin.Actor, order(c.change))
				refused(t, err, models.ErrCheckFields, c.field)
			})
		})
	}
	_, err := w.Accounts.AddSubAccount(ctx, w.Clinic.Admin.Actor, accounts.SubAccountOrder{})
	for _, f := range []string{"account_name", "contact_name", "email", "country", "time_zone", "funding", "method"} {
		refused(t, err, models.ErrCheckFields, f) // all at once, not one after another
	}
	if got := saying(err, "mobile"); got != "" {
		t.Errorf("a number is judged before its country is known: %s", got)
	}
	_, err = w.Accounts.AddSubAccount(ctx, w.Clinic.Admin.Actor, order(mobile("+353 85 012 3456")))
	if got := saying(err, "mobile"); !strings.Contains(got, "Ireland") || !strings.Contains(got, "Germany") {
		t.Errorf("a number of another country: %s", got)
	}
}

// ACC-1, PRV-1: who may not add sub-accounts, and what is refused by the state of the world rather than by a field.
func TestAddRefusesByState(t *testing.T) {
	w := storetest.NewWorld(t)
	off := w.AddParent(t)
	w.AddUser(t, w.Clinic.Account, "kim@clinic.example", models.Member)
	member := w.Clinic.Admin.Actor
	member.Role, member.Privileges = models.Member, models.PrivilegesOf(models.Parent, models.Member, nil)
	mine := order(func(o *accounts.SubAccountOrder) { o.Email = "new@sunrise.example" })
	for what, c := range map[string]struct {
		actor models.Actor
		order accounts.SubAccountOrder
		want  error
		field string
	}{
		"the feature is off":           {off.Admin.Actor, mine, accounts.ErrFeatureOff, ""},
		"the feature is off, no field": {off.Admin.Actor, accounts.SubAccountOrder{}, accounts.ErrFeatureOff, ""},
		"by a User":                    {member, order(), models.ErrMissingPrivilege, ""},
		"by a sub-account":             {w.Clinic.Own.Actor, order(), models.ErrMissingPrivilege, ""},
		"by staff":                     {w.Sam.Actor, order(), models.ErrMissingPrivilege, ""},
		"by staff at work there":       {w.Sam.Actor.In(w.Clinic.ID), order(), models.ErrMissingPrivilege, ""},
		"by nobody":                    {models.Actor{}, order(), models.ErrMissingPrivilege, ""},
		"the name is taken":            {w.Clinic.Admin.Actor, order(func(o *accounts.SubAccountOrder) { o.AccountName = "NORTH clinic" }), accounts.ErrNameTaken, "account_name"},
		"the name is taken, spaced": {w.Clinic.Admin.Actor, order(func(o *accounts.SubAccountOrder) { o.AccountName = "  North\u00a0 Clinic " }),
			accounts.ErrNameTaken, "account_name"},
		"a cent more than there is": {w.Clinic.Admin.Actor, order(func(o *accounts.SubAccountOrder) { o.StartingAmount = "1000.01" }),
			ledger.ErrInsufficientBalance, "starting_amount"},
	} {
		t.Run(what, func(t *testing.T) {
			unchanged(t, w, func() {
				_, err := w.Accounts.AddSubAccount(ctx, c.actor, c.order)
				refused(t, err, c.want, c.field)
			})
		})
	}
}

// ACC-3: an e-mail is unique in the installation, and the sentence does not tell whose it is: a sibling's, one's own, that
// of another tenant or of the operator.
func TestEmailTakenTellsNothing(t *testing.T) {
	w := storetest.NewWorld(t)
	said := map[string]bool{}
	for _, email := range []string{w.Clinic.Own.Email, w.Clinic.Admin.Email, w.Harbor.Own.Email, w.Harbor.Admin.Email, w.Sam.Email,
		strings.ToUpper(w.Harbor.Own.Email), " " + w.Harbor.Own.Email + " "} {
		unchanged(t, w, func() {
			_, err := w.Accounts.AddSubAccount(ctx, w.Clinic.Admin.Actor, order(func(o *accounts.SubAccountOrder) { o.Email = email }))
			refused(t, err, identity.ErrEmailTaken, "email")
			said[saying(err, "email")] = true
			if strings.Contains(err.Error(), "Harbor") {
				t.Error("it names another tenant")
			}
		})
	}
	if len(said) != 1 {
		t.Errorf("different sentences: %v", said)
	}
}

// ACC-2, PRV-1, BAL-1, ACC-4: a new sub-account is Pending with what was ticked and nothing else, has its wallets and the
// starting amount, and one mail and one text are on their way, whose secrets are nowhere in the log.
func TestAdd(t *testing.T) {
	w := storetest.NewWorld(t)
	lines, mails := w.Count(t, "action_log"), w.Count(t, "outbox")
	account, err := w.Accounts.AddSubAccount(ctx, w.Clinic.Admin.Actor, order(func(o *accounts.SubAccountOrder) {
		o.Email, o.Country, o.StartingAmount = " Day@Clinic.Example ", "de", " 25.5 "
		o.Privileges = []models.Privilege{models.ManageAudience, models.AddSenderIDs, models.ManageAudience}
	}))
	must(t, err)
	got := show(t, w, w.Clinic, account.ID)
	if got.Status != models.Pending || got.ActivatedAt != nil || got.Kind != models.Sub || got.TenantID != w.Clinic.ID || got.Funding != models.OwnBalance {
		t.Errorf("account: %+v", got.Account)
	}
	if got.Email != "day@clinic.example" || got.Mobile != "+4915112345679" || got.Country != "DE" || got.Currency != "EUR" || account.Mobile != got.Mobile {
		t.Errorf("read as %q %q %q %q", got.Email, got.Mobile, got.Country, got.Currency)
	}
	if want := []models.Privilege{models.ManageAudience, models.AddSenderIDs}; !slices.Equal(got.Privileges, want) {
		t.Errorf("may %v, want %v", got.Privileges, want)
	}
	if !got.Owner.Owner || got.Owner.Role != models.Admin || got.Owner.Email != got.Email || got.Owner.Name != "Dana Stein" {
		t.Errorf("its user: %+v", got.Owner)
	}
	if got.Balance.Balance.Text() != "25.50" || got.Balance.Allocated.Text() != "25.50" || w.BalanceOf(t, w.Clinic.Account).Text() != "974.50" {
		t.Errorf("balances: %+v", got.Balance)
	}
	if w.Count(t, "wallets WHERE account_id = $1 AND kind IN ('balance', 'spent')", account.ID) != 2 || w.Count(t, "wallets WHERE account_id = $1", account.ID) != 2 {
		t.Error("wallets")
	}
	if w.Count(t, "action_log") != lines+2 || w.Count(t, "action_log WHERE account_id = $1 AND action = 'sub_account.added' AND user_email = $2", account.ID, w.Clinic.Admin.Email) != 1 ||
		w.Count(t, "action_log WHERE account_id = $1 AND action = 'transfer.posted' AND amount = 25500000 AND balance_after = 25500000", account.ID) != 1 {
		t.Error("REP-3: the log does not tell of it")
	}
	if w.Count(t, "outbox") != mails+2 || w.Count(t, "outbox WHERE recipient = $1 AND channel = 'mail' AND secret", got.Email) != 1 ||
		w.Count(t, "outbox WHERE recipient = $1 AND channel = 'text' AND secret", got.Mobile) != 1 {
		t.Error("not one mail and one text")
	}
	password, code := w.OneTimePassword(t, got.Email), w.Code(t, got.Mobile)
	if w.Count(t, "action_log l WHERE l::text LIKE '%' || $1 || '%' OR l.details::text LIKE '%\"' || $2 || '\"%'", password, code) != 0 {
		t.Error("the log holds a secret")
	}
	if w.Count(t, "activations a WHERE a::text LIKE '%' || $1 || '%'", password)+w.Count(t, "users u WHERE u::text LIKE '%' || $1 || '%'", password) != 0 {
		t.Error("the password is kept as it is")
	}
}

// BAL-1: without a starting amount the balance is 0 and nothing moves; a shared balance has none to start with; exactly
// what the parent has may be given.
func TestAddStartingAmounts(t *testing.T) {
	w := storetest.NewWorld(t)
	for i, c := range []struct {
		amount  string
		funding models.Funding
		want    string
	}{{"", models.OwnBalance, "0.00"}, {"  ", models.OwnBalance, "0.00"}, {"10", models.SharedBalance, "0.00"}, {"1000.00", models.OwnBalance, "1000.00"}} {
		account, err := w.Accounts.AddSubAccount(ctx, w.Clinic.Admin.Actor, order(func(o *accounts.SubAccountOrder) {
			o.AccountName, o.Email = "Ward "+string(rune('A'+i)), string(rune('a'+i))+"@clinic.example"
			o.StartingAmount, o.Funding = c.amount, c.funding
		}))
		must(t, err)
		if got := w.BalanceOf(t, account).Text(); got != c.want {
			t.Errorf("%q, %s: starts with %s, want %s", c.amount, c.funding, got, c.want)
		}
	}
}

// ACC-2: names are any script's, and markup and formulas are kept as they are typed: they are only ever shown escaped.
func TestAddTakesNamesAsTheyAre(t *testing.T) {
	w := storetest.NewWorld(t)
	for i, name := range []string{`<script>alert(1)</script>`, `=HYPERLINK("http://x.example","x")`, `+1+1`, `@SUM(A1)`, `O'Hara & "Söhne"`, `'; DROP TABLE accounts; --`,
		"診療所 北", "عيادة الشمال", "می\u200cخواهم", "👩\u200d⚕️ Ward 7", "100 %_\\", strings.Repeat("é", 60)} {
		account, err := w.Accounts.AddSubAccount(ctx, w.Clinic.Admin.Actor, order(func(o *accounts.SubAccountOrder) {
			o.AccountName, o.ContactName, o.Email = name, name, string(rune('a'+i))+"@clinic.example"
		}))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := show(t, w, w.Clinic, account.ID); got.Name != name || got.ContactName != name {
			t.Errorf("%q became %q, %q", name, got.Name, got.ContactName)
		}
	}
}

// ACC-3: two names that look the same are the same name, however they are typed.
func TestNamesThatLookAlike(t *testing.T) {
	w := storetest.NewWorld(t)
	w.AddPending(t, w.Clinic, "Ärzte Süd", "south@clinic.example")
	for _, name := range []string{"ÄRZTE SÜD", "A\u0308rzte Su\u0308d", "Ärzte\u2003Süd", "\u3000Ärzte  Süd"} {
		_, err := w.Accounts.AddSubAccount(ctx, w.Clinic.Admin.Actor, order(func(o *accounts.SubAccountOrder) { o.AccountName = name }))
		refused(t, err, accounts.ErrNameTaken, "account_name")
	}
	if _, err := w.Accounts.AddSubAccount(ctx, w.Harbor.Admin.Actor, order(func(o *accounts.SubAccountOrder) {
		o.AccountName, o.Country, o.Mobile = "Ärzte Süd", "JP", "090-1234-5681"
	})); err != nil {
		t.Errorf("another tenant may use the name: %v", err)
	}
}

// BAL-9, ACC-2: a form posted twice, and fifty times at once, makes one account; the key does not stand for another form.
func TestAddOncePerKey(t *testing.T) {
	w := storetest.NewWorld(t)
	o := order(func(o *accounts.SubAccountOrder) { o.Key, o.StartingAmount = "form", "100" })
	first, err := w.Accounts.AddSubAccount(ctx, w.Clinic.Admin.Actor, o)
	must(t, err)
	atOnce(func() {
		again, err := w.Accounts.AddSubAccount(ctx, w.Clinic.Admin.Actor, o)
		if err != nil || again.ID != first.ID || again.Email != first.Email {
			t.Errorf("again: %+v %v", again, err)
		}
	})
	o.AccountName = "Other"
	_, err = w.Accounts.AddSubAccount(ctx, w.Clinic.Admin.Actor, o)
	refused(t, err, store.ErrKeyReused, "")

	fresh := order(func(o *accounts.SubAccountOrder) {
		o.Key, o.AccountName, o.Email = "second form", "Eye Ward", "eye@clinic.example"
	})
	atOnce(func() {
		if _, err := w.Accounts.AddSubAccount(ctx, w.Clinic.Admin.Actor, fresh); err != nil {
			t.Error(err)
		}
	})
	for _, email := range []string{o.Email, fresh.Email} {
		if w.Count(t, "accounts WHERE email = $1", email) != 1 || w.Count(t, "outbox WHERE recipient = $1", email) != 1 {
			t.Errorf("%s: not one account and one mail", email)
		}
	}
	if got := w.BalanceOf(t, w.Clinic.Account).Text(); got != "900.00" {
		t.Errorf("the starting amount moved more than once: %s", got)
	}
}

// ACC-3: fifty forms without a key that want one e-mail, of two tenants, make one account; so with one name in a tenant.
func TestAddFiftyAtOnce(t *testing.T) {
	w := storetest.NewWorld(t)
	var c tally
	atOnce(func() {
		actor, o := w.Clinic.Admin.Actor, order(func(o *accounts.SubAccountOrder) { o.AccountName = models.NewID().String() })
		if o.AccountName[35]&1 == 1 {
			actor, o.Country, o.Mobile = w.Harbor.Admin.Actor, "JP", "090-1234-5681"
		}
		_, err := w.Accounts.AddSubAccount(ctx, actor, o)
		c.add(err, identity.ErrEmailTaken)
	})
	if c.of[nil] != 1 || c.of[identity.ErrEmailTaken] != 49 {
		t.Errorf("one e-mail: %v", c.of)
	}
	c = tally{}
	atOnce(func() {
		_, err := w.Accounts.AddSubAccount(ctx, w.Clinic.Admin.Actor, order(func(o *accounts.SubAccountOrder) { o.Email = models.NewID().String() + "@clinic.example" }))
		c.add(err, accounts.ErrNameTaken)
	})
	if c.of[nil]+c.of[accounts.ErrNameTaken] != 50 || w.Count(t, "accounts WHERE name = 'Day Ward'") != 1 {
		t.Errorf("one name: %v", c.of)
	}
}
