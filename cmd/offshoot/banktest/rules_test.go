package main

import (
	"strings"
	"testing"
	"time"

	"offshoot/models"
)

// told makes a statement of lines like "use -30", balances following.
func told(t *testing.T, lines ...string) []entry {
	t.Helper()
	what := map[string]string{"recharge": "Transfer from Spree: Auto-recharge", "give": "Transfer from Spree: move", "use": "1 call to Germany", "back": "Transfer back to Spree",
		"close": "Transfer back to Spree: Account deactivated", "june": "Transfer from Spree: Monthly limit for June 2031", "july": "Transfer from Spree: Monthly limit for July 2031",
		"unused": "Transfer back to Spree: Unused of June 2031"}
	var all []entry
	day, has := "2031-06-01", int64(0)
	for _, line := range lines {
		if strings.HasPrefix(line, "2031") {
			day = line
			continue
		}
		word, amount, _ := strings.Cut(line, " ")
		n := wholes(amount)
		if what[word] == "" {
			t.Fatalf("nobody knows what %q is", line)
		}
		has += n
		all = append([]entry{{number: int64(len(all) + 1), at: day + "T12:00:00+02:00", what: what[word], other: "Kiosk", amount: n, after: has}}, all...)
	}
	return all
}

// auditor is a bank with one company, with nothing in its record.
func auditor(t *testing.T, s *sub) *bank {
	t.Helper()
	r, err := newRecord(t.TempDir() + "/record.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	s.company = &company{id: models.NewID(), name: "Spree", zone: "Europe/Berlin"}
	return &bank{record: r, machine: &machine{clock: &clockFile{}}, world: &world{}, actsLost: map[string]bool{}, actsDoubled: map[string]bool{}}
}

// BAL-8: a fall is recharged at most once, by what the rule says, and no day has more than it may.
func TestBankPlaysRechargesThrough(t *testing.T) {
	each := rule{below: wholes("20"), amount: wholes("50"), times: 2, most: wholes("1000")}
	upTo := rule{below: wholes("10"), amount: wholes("40"), upTo: true, times: 100, most: wholes("60")}
	for name, c := range map[string]struct {
		rule  rule
		lines []string
		says  string
	}{
		"at first, then after each fall": {each, []string{"recharge 50", "use -31", "use -10", "recharge 50"}, ""},
		"up to what it shall have":       {upTo, []string{"recharge 40", "use -35", "recharge 35", "2031-06-02"}, "by 75"},
		"the next day counts anew":       {upTo, []string{"recharge 40", "use -35", "2031-06-02", "recharge 35"}, ""},
		"twice for one fall":             {each, []string{"recharge 50", "use -40", "recharge 50", "recharge 50"}, "recharges what had 60"},
		"twice, taken back between":      {each, []string{"recharge 50", "back -40", "recharge 50"}, "recharged 1 times without a fall"},
		"a transfer ended the fall":      {each, []string{"recharge 50", "use -40", "give 30", "back -30", "recharge 50"}, "recharged 1 times without a fall"},
		"another amount":                 {each, []string{"recharge 51"}, "the rule says 50000000"},
		"too often":                      {each, []string{"recharge 50", "use -40", "recharge 50", "use -50", "recharge 50"}, "recharged 3 times on 2031-06-01"},
		"it was not activated again":     {each, []string{"recharge 50", "close -50", "recharge 50"}, "activated again 0 times"},
	} {
		s := &sub{name: "Van", rule: &c.rule}
		b := auditor(t, s)
		b.holdRecharges(s, told(t, c.lines...))
		if said := strings.Join(b.findings(), "\n"); (said == "") != (c.says == "") || !strings.Contains(said, c.says) {
			t.Errorf("%s: %q", name, said)
		}
	}
	p := each.play(told(t, "recharge 50", "use -40", "recharge 50", "use -45", "back -5"))
	if !p.waits || p.falls != 3 || p.recharges != 2 || p.has != wholes("10") {
		t.Errorf("what fell and waits is played as %+v", p)
	}
}

// A day that came twice has room for two days' recharges, and for no more.
func TestBankAllowsForADayThatCameTwice(t *testing.T) {
	s := &sub{name: "Van", rule: &rule{below: wholes("20"), amount: wholes("50"), times: 1, most: wholes("50")}}
	for _, c := range []struct {
		at    string
		wrong bool
	}{{"2031-06-01T00:30:00+02:00", false}, {"2031-06-01T13:00:00+02:00", true}, {"2031-06-02T00:30:00+02:00", true}} {
		b := auditor(t, s)
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		b.machine.clock.back = []time.Time{at}
		b.holdRecharges(s, told(t, "recharge 50", "use -40", "recharge 50"))
		if (len(b.findings()) > 0) != c.wrong {
			t.Errorf("set back at %s: %v", c.at, b.findings())
		}
	}
}

// BAL-3: what is drawn counts for its day and month, net of what is given back, and no use goes over a cap.
func TestBankCountsWhatIsDrawn(t *testing.T) {
	s := &sub{name: "Kiosk", capDay: wholes("60"), capMonth: wholes("100")}
	for name, c := range map[string]struct {
		lines          []string
		ofDay, ofMonth string
		wrong          int
	}{
		"up to the cap":            {[]string{"use -30", "use -30"}, "60", "60", 0},
		"over the day's":           {[]string{"use -30", "use -31"}, "61", "61", 1},
		"the next day":             {[]string{"use -50", "2031-06-02", "use -50"}, "50", "100", 0},
		"over the month's":         {[]string{"use -50", "2031-06-02", "use -51"}, "51", "101", 1},
		"the next month":           {[]string{"use -60", "2031-07-01", "use -60"}, "60", "60", 0},
		"a transfer does not draw": {[]string{"use -60", "back -60"}, "60", "60", 0},
	} {
		d := s.draw(told(t, c.lines...))
		if d.ofDay != wholes(c.ofDay) || d.ofMonth != wholes(c.ofMonth) || len(d.wrong) != c.wrong {
			t.Errorf("%s: %+v", name, d)
		}
	}
	all := told(t, "use -30")
	all[0].other = "Shop"
	if d := s.draw(all); d.ofDay != 0 {
		t.Errorf("what others use is counted: %+v", d)
	}
}

// BAL-4: months come in their order, what is unused goes back whole, and a month gives no more than the limit.
func TestBankHoldsMonthlyLimits(t *testing.T) {
	for name, c := range map[string]struct {
		lines []string
		says  string
	}{
		"two months":              {[]string{"june 100", "use -30", "unused -70", "july 100"}, ""},
		"deactivated and back":    {[]string{"june 100", "use -30", "close -70", "june 70"}, ""},
		"twice":                   {[]string{"june 100", "june 100"}, "was given 200000000 for June"},
		"again what was used":     {[]string{"june 100", "use -30", "close -70", "june 100"}, "was given 130000000 for June"},
		"a month that was before": {[]string{"july 100", "use -100", "june 100"}, "no month that comes after July"},
		"not all that is unused":  {[]string{"june 100", "use -30", "unused -60", "july 100"}, "had 70000000 of June 2031, and 60000000 went back"},
		"other money":             {[]string{"june 100", "give 1"}, "was given 1000000 for no month"},
	} {
		s := &sub{name: "Ward", limit: wholes("100")}
		b := auditor(t, s)
		b.holdLimit(s, told(t, c.lines...))
		if said := strings.Join(b.findings(), "\n"); (said == "") != (c.says == "") || !strings.Contains(said, c.says) {
			t.Errorf("%s: %q", name, said)
		}
	}
}
