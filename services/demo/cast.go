package demo

import (
	"time"

	"offshoot/models"
	"offshoot/services/accounts"
)

// Passwords of the demo world, one for each kind of account.
const (
	staffPassword  = "staff demo passphrase"
	parentPassword = "parent demo passphrase"
	subPassword    = "sub-account demo passphrase"
)

// Staff of the demo world. The assistant is added last of all: where he is, the world is complete.
var (
	operator = accounts.Details{ContactName: "Sam Okafor", Email: "sam@offshoot.example", Mobile: "06 12345678",
		Country: "NL", TimeZone: "Europe/Amsterdam"}
	assistant = accounts.Details{ContactName: "Robin Vale", Email: "robin@offshoot.example"}
)

// company is a parent account with its people and habits.
type company struct {
	accounts.Details
	currency  string
	plan      models.Plan
	credit    string // of a post-pay one
	joins     int    // day of the story
	activated bool
	enabled   bool // has turned sub-accounts on
	pays      int64
	reserve   int64  // it pays when its balance falls below this
	low       string // its Admins are told below this
	weekend   []time.Weekday
	rates     rates
	language  string // that they write in, a key of texts
	team      []colleague
	habit     // what it uses itself
	has       []thing
	subs      []sub
}

// colleague is one more user of an account.
type colleague struct {
	name, email string
	role        models.Role
	zone        string // "": that of the account
	invited     int    // day of the story
	comes       bool   // through the link of the mail, the same day
}

// sub is a sub-account with its story.
type sub struct {
	accounts.Details
	privileges []models.Privilege
	funding    models.Funding
	start      string // starting amount
	refill     int64  // what its parent gives it when it runs low
	limit      string // a month, of one with a monthly limit
	priority   string // of that
	trial      int    // last day of its trial, a day of the story; 0: it is on none
	hurries    bool   // in the last quarter of an hour it uses more than its auto-recharge brings in a day
	capped     bool   // at the very end its parent puts caps on what it draws
	method     models.ActivationMethod
	opened     int           // day of the story
	activates  time.Duration // after it was opened; 0: not yet
	team       []colleague
	later      []change
	language   string // "": its parent's
	habit
}

// habit is what an account uses.
type habit struct {
	sends int      // messages of an ordinary campaign; 0: it writes to nobody
	line  int64    // calls that its telephone line takes at a time, about; 0: it has none
	often float64  // campaigns in two working days
	reach []string // destination countries, the usual one first
	calls bool
	rents []string // kinds of what is paid every month
}

// change is something that happens to a sub-account once.
type change struct {
	day        int
	does       act
	text       string // reason, note
	privileges []models.Privilege
	amount     string
	terms      models.FundingTerms
	rule       models.RechargeForm
}

// rates are prices in a company's currency, as it would have them from its contract.
type rates struct {
	part   map[string]string // of one message part to a country
	call   string            // of one call
	months map[string]string // of a month of a kind
}

var (
	euroRates = rates{part: map[string]string{"DE": "0.07", "AT": "0.08", "CH": "0.07", "FR": "0.06", "IE": "0.06", "GB": "0.04", "NL": "0.09", "PL": "0.04"},
		call: "0.36", months: map[string]string{number: "4.00", keyword: "9.50"}}
	yenRates = rates{part: map[string]string{"JP": "8", "KR": "6", "TW": "7", "US": "4", "AU": "9"},
		call: "35", months: map[string]string{number: "550", keyword: "1200"}}
	dinarRates = rates{part: map[string]string{"JO": "0.027", "AE": "0.034", "SA": "0.031", "EG": "0.045", "IQ": "0.052"},
		call: "0.115", months: map[string]string{number: "3.250", keyword: "6.750"}}
)

const (
	minutes = time.Minute
	hours   = time.Hour
)

func person(account, contact, email, mobile, country, zone string) accounts.Details {
	return accounts.Details{AccountName: account, ContactName: contact, Email: email, Mobile: mobile, Country: country, TimeZone: zone}
}

// recharges is an auto-recharge by a fixed amount.
func recharges(below, amount, times, most string) models.RechargeForm {
	return models.RechargeForm{Below: below, Amount: amount, Way: models.WayAmount, MostTimes: times, MostAmount: most}
}

// cast is everybody: four companies at work, each in a currency and zone of its own, and one that has just been invited.
var cast = []company{
	{
		Details:  person("North Clinic Group", "Ines Brandt", "ines@northclinic.example", "0151 23456789", "DE", "Europe/Berlin"),
		currency: "EUR", plan: models.PrePay, activated: true, enabled: true, pays: 500, reserve: 120, low: "100.00",
		weekend: []time.Weekday{time.Saturday, time.Sunday}, rates: euroRates, language: "de",
		team: []colleague{
			{"Tobias Krüger", "tobias@northclinic.example", models.Member, "", 12, true},
			{"Chloé Martin", "chloe@northclinic.example", models.Admin, "Europe/Paris", 60, false},
		},
		habit: habit{sends: 20, often: 0.6, reach: []string{"DE"}},
		has: []thing{
			{day: 3, does: naming, of: -1, text: "NorthClinic", to: []string{"everybody"}},
			{day: 6, does: bought, of: -1, text: starter.name},
			{day: 9, does: handed, of: 1, text: starter.name, unit: 40},
			{day: 10, does: grouped, of: 0, text: "Patients of Ward 3"},
			{day: 11, does: grouped, of: -1, text: "Staff of all houses"},
			{day: 20, does: numbered, of: 0, text: "+4915735990001"},
			{day: 38, does: bought, of: -1, text: dach.name},
			{day: 39, does: handed, of: 0, text: dach.name, unit: 150},
			{day: 41, does: handed, of: 1, text: dach.name, unit: 60},
			{day: 55, does: answered, of: 0, text: "+4915735990001", to: []string{"Termin", "absage Montag 9 Uhr", "Wann haben Sie offen?", "STOP"}},
			{day: 58, does: naming, of: 1, text: "KinderMUC"},
			{day: 61, does: answered, of: 0, text: "+4915735990001", to: []string{"TERMIN", "Danke!"}},
		},
		subs: []sub{
			{
				Details:    person("Berlin Ward 3", "Lena Fuchs", "lena@northclinic.example", "0171 2345678", "DE", "Europe/Berlin"),
				privileges: []models.Privilege{models.ManageAudience, models.InteractiveMessages, models.APIApps},
				funding:    models.OwnBalance, start: "120.00", refill: 150, method: models.ByLink, opened: 1, activates: 9 * minutes,
				team:  []colleague{{"Samira Aydın", "samira@northclinic.example", models.Member, "Europe/Istanbul", 15, true}},
				habit: habit{sends: 22, often: 4, reach: []string{"DE", "AT", "PL"}, calls: true, rents: []string{number}},
				later: []change{{day: 9, does: automated, rule: recharges("55.00", "60.00", "3", "180.00")},
					{day: 57, does: entered, text: "Ticket 4711: texts to Austria arrive late"}},
			},
			{
				Details:    person("Kinderklinik München", "Jörg Weiß", "kinderklinik@northclinic.example", "0172 3456789", "DE", "Europe/Berlin"),
				privileges: []models.Privilege{models.ManageAudience, models.AddSenderIDs},
				funding:    models.OwnBalance, start: "80.00", refill: 100, method: models.ByPassword, opened: 2, activates: 26 * hours,
				habit: habit{sends: 14, often: 3, reach: []string{"DE", "AT"}, rents: []string{keyword}}, hurries: true,
				later: []change{{day: 33, does: tookBack, text: "More than the ward needs"},
					{day: 44, does: automated, rule: recharges("40.00", "60.00", "2", "120.00")},
					{day: 40, does: permitted, privileges: []models.Privilege{models.ManageAudience, models.AddSenderIDs, models.InteractiveMessages}}},
			},
			{
				language:   "en",
				Details:    person("St. Mary's Outreach", "Aoife O'Neill", "stmarys@northclinic.example", "085 012 3456", "IE", "Europe/Dublin"),
				privileges: []models.Privilege{models.ManageAudience, models.BillingPayments},
				funding:    models.SharedBalance, method: models.ByPassword, opened: 3, activates: 6 * minutes, capped: true,
				habit: habit{sends: 9, often: 2.2, reach: []string{"IE", "GB"}},
				later: []change{{day: 61, does: visited, text: "Show Aoife how to read the usage report"}},
			},
			{
				Details: person("Radiologie Wien", "Käthe Öllinger", "radiologie@northclinic.example", "0664 1234567", "AT", "Europe/Vienna"),
				funding: models.OwnBalance, start: "76.00", method: models.ByLink, opened: 8, activates: 12 * minutes,
				habit: habit{sends: 7, often: 2.4, reach: []string{"AT", "DE", "CH"}},
				later: []change{{day: 19, does: watched, amount: "20.00"}},
			},
			{
				language:   "pl",
				Details:    person("Lab Warszawa", "Małgorzata Zając", "lab@northclinic.example", "512 345 678", "PL", "Europe/Warsaw"),
				privileges: []models.Privilege{models.APIApps},
				funding:    models.OwnBalance, start: "60.00", refill: 60, method: models.ByLink, opened: 5, activates: 3 * hours,
				habit: habit{sends: 16, often: 2, reach: []string{"PL", "DE"}},
				later: []change{{day: 12, does: funded, terms: models.FundingTerms{Funding: models.MonthlyLimit, Limit: "80.00", Priority: "1"}}},
			},
			{
				Details: person("Pharmacy Rotterdam", "Daan de Vries", "pharmacy@northclinic.example", "06 23456789", "NL", "Europe/Amsterdam"),
				funding: models.MonthlyLimit, limit: "60.00", priority: "2", method: models.ByPassword, opened: 4, activates: 40 * minutes,
				habit: habit{sends: 8, often: 2, reach: []string{"NL"}, calls: true},
				later: []change{{day: 55, does: deactivated, text: "Moved to its own contract"}},
			},
			{
				Details: person("Telemedizin Köln", "Emre Yıldız", "telemedizin@northclinic.example", "0160 4567890", "DE", "Europe/Berlin"),
				funding: models.MonthlyLimit, limit: "40.00", priority: "5", method: models.ByPassword, opened: 62,
			},
			{
				Details: person("Notaufnahme Süd", "Petra Groß", "notaufnahme@northclinic.example", "0175 5678901", "DE", "Europe/Berlin"),
				funding: models.OwnBalance, start: "15.00", method: models.ByLink, opened: 57, activates: 25 * minutes, trial: days + 10,
				privileges: []models.Privilege{models.AddSenderIDs, models.ManageAudience, models.InteractiveMessages},
				habit:      habit{sends: 3, often: 1.5, reach: []string{"DE"}},
			},
			{
				Details: person("Pilot Ward", "Lena Fuchs", "pilot@northclinic.example", "0171 2345690", "DE", "Europe/Berlin"),
				funding: models.OwnBalance, start: "10.00", method: models.ByLink, opened: 1, activates: 5 * minutes,
				habit: habit{sends: 2, often: 4, reach: []string{"DE"}},
				later: []change{{day: 6, does: deleted}},
			},
			{
				Details: person("Impfzentrum Hamburg", "Fatma Demir", "hamburg@northclinic.example", "0176 6789012", "DE", "Europe/Berlin"),
				funding: models.MonthlyLimit, limit: "1200.00", priority: "20", method: models.ByLink, opened: 5, activates: 14 * minutes,
				habit: habit{line: 90, often: 4.4, reach: []string{"DE"}},
			},
			{
				Details: person("Dialyse Bonn", "Georg Anders", "bonn@northclinic.example", "0177 7890123", "DE", "Europe/Berlin"),
				funding: models.ClientPays, method: models.ByLink, opened: 20, activates: 50 * minutes,
				habit: habit{sends: 6, often: 2, reach: []string{"DE"}},
				later: []change{{day: 21, does: gave, amount: "30.00", text: "First credit, to begin with"},
					{day: 62, does: asked, amount: "50.00", text: "For the reminders of the next weeks. Please invoice us as usual."}},
			},
			{
				Details: person("Hospiz am Park", "Ruth Seidel", "hospiz@northclinic.example", "0178 8901234", "DE", "Europe/Berlin"),
				funding: models.OwnBalance, start: "20.00", method: models.ByLink, opened: 24, activates: 2 * hours, trial: 55,
				habit: habit{sends: 3, often: 1.2, reach: []string{"DE"}},
			},
		},
	},
	{
		Details:  person("Harbor Media", "田中 愛子", "aiko@harbormedia.example", "090-1234-5678", "JP", "Asia/Tokyo"),
		currency: "JPY", plan: models.PrePay, activated: true, enabled: true, pays: 60_000, reserve: 15_000,
		weekend: []time.Weekday{time.Sunday}, rates: yenRates, language: "ja",
		has: []thing{
			{day: 12, does: bought, of: -1, text: pacific.name},
			{day: 12, does: opening, of: -1, text: pacific.name},
			{day: 14, does: grouped, of: 0, text: "読者"},
			{day: 57, does: naming, of: 0, text: "HarborNews"},
		},
		subs: []sub{
			{
				Details:    person("東京編集部", "佐藤 健", "henshu@harbormedia.example", "080-2345-6789", "JP", "Asia/Tokyo"),
				privileges: []models.Privilege{models.AddSenderIDs, models.APIApps, models.ManageAudience},
				funding:    models.OwnBalance, start: "15000", refill: 20_000, method: models.ByLink, opened: 2, activates: 7 * minutes,
				habit: habit{sends: 30, often: 2.6, reach: []string{"JP", "TW", "US"}, rents: []string{number, keyword}},
			},
			{
				Details: person("Osaka Events", "Mina Mori", "osaka@harbormedia.example", "090-3456-7890", "JP", "Asia/Tokyo"),
				funding: models.SharedBalance, method: models.ByPassword, opened: 3, activates: 11 * minutes,
				privileges: []models.Privilege{models.ManageAudience},
				habit:      habit{sends: 40, often: 1.4, reach: []string{"JP", "KR"}},
			},
			{
				Details: person("Harbor Kids' Club", "Noa Ito", "kids@harbormedia.example", "070-1234-5678", "JP", "Asia/Tokyo"),
				funding: models.OwnBalance, start: "5500", method: models.ByLink, opened: 6, activates: 20 * hours,
				habit: habit{sends: 10, often: 1.6, reach: []string{"JP"}},
			},
			{
				language: "en",
				Details:  person("Sydney Desk", "Olivia Reid", "sydney@harbormedia.example", "0412 345 678", "AU", "Australia/Sydney"),
				funding:  models.OwnBalance, start: "8000", refill: 8_000, method: models.ByLink, opened: 9, activates: 4 * hours,
				habit: habit{sends: 12, often: 1.5, reach: []string{"AU", "JP"}, calls: true},
			},
			{
				Details: person("横浜スタジオ", "高橋 結衣", "studio@harbormedia.example", "080-4567-8901", "JP", "Asia/Tokyo"),
				funding: models.OwnBalance, method: models.ByPassword, opened: 62,
			},
			{
				Details: person("Seoul Desk", "Ji-woo Park", "seoul@harbormedia.example", "010-2345-6789", "KR", "Asia/Seoul"),
				funding: models.OwnBalance, start: "5000", method: models.ByLink, opened: 50,
				later: []change{{day: 54, does: deactivated, text: "Opened by mistake"}},
			},
		},
	},
	{
		Details:  person("Petra Logistics", "Rania Haddad", "rania@petralogistics.example", "079 012 3456", "JO", "Asia/Amman"),
		currency: "JOD", plan: models.PostPay, credit: "400.000", activated: true, enabled: true, pays: 120, reserve: -220,
		weekend: []time.Weekday{time.Friday, time.Saturday}, rates: dinarRates, language: "ar",
		habit: habit{sends: 18, often: 2, reach: []string{"JO", "SA", "IQ"}, rents: []string{number}},
		has:   []thing{{day: 30, does: bought, of: -1, text: levant.name}, {day: 31, does: handed, of: 0, text: levant.name, unit: 100}},
		subs: []sub{
			{
				Details:    person("مكتب العقبة", "Omar Nasser", "aqaba@petralogistics.example", "078 123 4567", "JO", "Asia/Amman"),
				privileges: []models.Privilege{models.ManageAudience},
				funding:    models.OwnBalance, start: "40.000", refill: 45, method: models.ByLink, opened: 2, activates: 8 * minutes,
				habit: habit{sends: 15, often: 2.5, reach: []string{"JO", "EG"}},
			},
			{
				Details: person("Dubai Hub", "Layla Aziz", "dubai@petralogistics.example", "050 123 4567", "AE", "Asia/Dubai"),
				funding: models.MonthlyLimit, limit: "30.000", method: models.ByPassword, opened: 4, activates: 2 * hours,
				habit: habit{sends: 11, often: 2, reach: []string{"AE", "SA"}, calls: true},
			},
		},
	},
	{ // has an account and money, and has not looked into the Store yet
		Details:  person("Kite Travel", "Tom Abara", "tom@kitetravel.example", "07400 123456", "GB", "Europe/London"),
		currency: "GBP", plan: models.PrePay, joins: 60, activated: true, pays: 250, reserve: 50,
	},
	{ // invited, and has not answered yet
		Details:  person("Solvang Foods", "Ingrid Ås", "ingrid@solvangfoods.example", "406 12 345", "NO", "Europe/Oslo"),
		currency: "NOK", plan: models.PrePay, joins: 63,
	},
}
