package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"offshoot/models"
)

// What somebody who looked must have seen: what was acknowledged before they asked, with or without what was under way; nothing that
// was refused, nothing that was asked for later.
func TestTotalsThatTheRecordExplains(t *testing.T) {
	path := filepath.Join(t.TempDir(), "record.jsonl")
	r, err := newRecord(path)
	if err != nil {
		t.Fatal(err)
	}
	company := models.NewID()
	ask := func(ref string, total int64) *act {
		return r.issue(&act{Ref: ref, Kind: payment, Company: company, total: total})
	}
	r.settle(ask("one", 100), true, "")
	r.settle(ask("never", 7), false, "422")
	under, later := ask("under way", 20), ask("refused later", 3)
	began := r.moment()
	ask("begun meanwhile", 1000)
	ended := r.moment()
	r.settle(under, true, "")
	r.settle(later, false, "422")
	ask("afterwards", 50_000)

	b := r.between(began, ended, func(a *act) bool { return a.Company == company })
	for total, can := range map[int64]bool{5100: true, 5120: true, 6100: true, 6120: true,
		5000: false, 5020: false, 5103: false, 5107: false, 5119: false, 55_120: false} {
		if b.total(5000, total) != can {
			t.Errorf("a total of %d is explained: %v", total, !can)
		}
	}
	if len(b.sure) != 1 || len(b.maybe) != 2 {
		t.Errorf("%d are sure and %d may be", len(b.sure), len(b.maybe))
	}
	if none := r.between(began, ended, func(*act) bool { return false }); len(none.sure)+len(none.maybe) > 0 {
		t.Error("it explains by what concerns others")
	}
	written, err := os.ReadFile(path) // though nobody closed it: whoever is killed leaves it
	if err != nil || strings.Count(string(written), "\n") != 10 || !strings.Contains(string(written), `"what":"acknowledged","ref":"under way"`) {
		t.Errorf("the file says %s, %v", written, err)
	}
}

// The bank finds what is missing, what stands twice, what stands with another amount, and a chain of balances that is broken.
func TestBankFinds(t *testing.T) {
	sub, company := models.NewID(), models.NewID()
	acts := []*act{{Ref: "a", Kind: transfer, Account: sub, Company: company, Amount: 5}, {Ref: "b", Kind: transferBack, Account: sub, Company: company, Amount: 2},
		{Ref: "c", Kind: everything, Account: sub, Company: company}}
	right := []entry{{number: 3, amount: -3, after: 0, reference: "c"}, {number: 2, amount: -2, after: 3, reference: "b"}, {number: 1, amount: 5, after: 5, reference: "a"}}
	change := func(f func([]entry) []entry) []entry { return f(append([]entry{}, right...)) }
	for name, c := range map[string]struct {
		file []entry
		says string
	}{
		"all right":       {right, ""},
		"missing":         {right[:2], "LOST a "},
		"twice":           {append([]entry{{number: 4, amount: -2, after: -2, reference: "b"}}, right...), "DOUBLED b "},
		"another amount":  {change(func(e []entry) []entry { e[1].amount, e[1].after, e[0].amount = -1, 4, -4; return e }), "of 2 stands"},
		"a broken chain":  {change(func(e []entry) []entry { e[0].after = 1; return e }), "leaves 1"},
		"a missing entry": {change(func(e []entry) []entry { e[0].number = 4; return e }), "entry 4 after 2"},
	} {
		b := &bank{world: &world{}, actsLost: map[string]bool{}, actsDoubled: map[string]bool{}}
		b.holdChain("it", c.file)
		b.holdRefs("it", c.file, sub, between{sure: acts})
		said := strings.Join(b.findings(), "\n")
		if (said == "") != (c.says == "") || !strings.Contains(said, c.says) {
			t.Errorf("%s: %q", name, said)
		}
	}
}
