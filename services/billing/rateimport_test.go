package billing_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"offshoot/models"
	"offshoot/services/billing"
	"offshoot/services/storetest"
)

func preview(t testing.TB, w *storetest.World, file string) models.RateImport {
	t.Helper()
	done, err := w.Billing.PreviewRates(ctx, w.Sam.Actor, strings.NewReader(file))
	must(t, err)
	return done
}

// BIL-1: files that are none are refused as a whole, in a sentence.
func TestRateFileRefusals(t *testing.T) {
	w := storetest.NewWorld(t)
	before := w.Fingerprint(t)
	for name, c := range map[string]struct{ file, says string }{
		"empty":          {"", "is empty"},
		"white space":    {"\ufeff \r\n \n", "is empty"},
		"no head":        {"DE,EUR,0.08,2026-12-01\n", "There is no country"},
		"no price":       {"country,currency,effective from\nDE,EUR,2026-12-01\n", "There is no price"},
		"country twice":  {"country,country code,currency,price\nDE,DE,EUR,1\n", "Two columns are called country"},
		"no rows":        {"country,currency,price\n\n,,\n", "no rows"},
		"a spreadsheet":  {"PK\x03\x04\x00\x00\x00", "no text"},
		"UTF-16":         {"\xff\xfec\x00o\x00", "no text"},
		"open quote":     {"country,\"currency,price\nDE,EUR,1\n", "check its quotes"},
		"too many rows":  {"country,currency,price\n" + strings.Repeat("DE,EUR,1\n", billing.MaxRateRows+1), "more than 20,000"},
		"too many bytes": {"country,currency,price,note\n" + strings.Repeat("DE,EUR,1,"+strings.Repeat("x", 500)+"\n", 9000), "too large"},
	} {
		_, err := w.Billing.PreviewRates(ctx, w.Sam.Actor, strings.NewReader(c.file))
		refuses(t, name, err, billing.ErrNotRates)
		if !strings.Contains(field(err, "file"), c.says) {
			t.Errorf("%s: %q", name, field(err, "file"))
		}
	}
	broken := errors.New("the sender has gone")
	for _, begun := range []string{"", "country,currency", "country,currency,price\nDE,EUR,1\nAT,EUR"} {
		_, err := w.Billing.PreviewRates(ctx, w.Sam.Actor, io.MultiReader(strings.NewReader(begun), iotest.ErrReader(broken)))
		if err == nil {
			t.Errorf("%q that broke off was taken", begun)
		}
	}
	_, err := w.Billing.ImportRates(ctx, w.Clinic.Admin.Actor, strings.NewReader("country,currency,price\nDE,EUR,1\n"), "", "")
	refuses(t, "a parent", err, models.ErrMissingPrivilege)
	if w.Fingerprint(t) != before {
		t.Error("a refusal or a preview changed something")
	}
}

// BIL-1: each bad row is told, and none of them is set.
func TestRateImportTellsEachRow(t *testing.T) {
	w := storetest.NewWorld(t)
	rows := []struct{ text, says string }{
		{"XX,EUR,0.05,2026-12-01", "no country “XX”"},
		{",EUR,0.05,2026-12-01", "no country “”"},
		{"DE,EUX,0.05,2026-12-01", "no currency “EUX”"},
		{"DE,EUR,-0.05,2026-12-01", "“-0.05” is no price"},
		{"DE,EUR,1e9,2026-12-01", "is no price"},
		{"DE,EUR,0.0000001,2026-12-01", "is no price"},
		{"DE,EUR,٠٫٥,2026-12-01", "is no price"},
		{"DE,EUR,,2026-12-01", "“” is no price"},
		{"DE,EUR,0.05,01.12.2026", "“01.12.2026” is no day"},
		{"DE,EUR,0.05,2026-02-30", "is no day"},
		{"DE,EUR,0.05,2026-11-19", "This day has passed"},
		{"DE,EUR,0.05,2020-01-01T00:00:00Z", "This day has passed"},
		{"DE,EUR,\xff,2026-12-01", "UTF-8"},
		{"D\"E,EUR,0.05,", "quotes"},
		{"AT,EUR,0.05,2026-12-01", ""},
		{"at,eur,0.06,2026-12-01", "Row 16 has this country"},
		{"DE,EUR," + strings.Repeat("9", 300) + ",", "too long"},
	}
	file := "country,currency,price,effective from\n"
	for _, r := range rows {
		file += r.text + "\n"
	}
	done := preview(t, w, file)
	if done.Refused != len(rows)-1 || done.Changed != 1 {
		t.Fatalf("%+v", done)
	}
	for _, r := range done.Rows {
		if want := rows[r.Row-2]; want.says == "" && r.Refusal != "" || !strings.Contains(r.Refusal, want.says) {
			t.Errorf("row %d %q: %q, want %q", r.Row, want.text, r.Refusal, want.says)
		}
	}
	if _, err := w.Billing.ImportRates(ctx, w.Sam.Actor, strings.NewReader(file), done.Seal, "k"); err != nil {
		t.Fatal(err)
	}
	later := prices(t, w, "EUR", w.Clock.Now().AddDate(0, 1, 0))
	if later["AT"].String() != "0.05 EUR" || later["DE"].String() != "0.075 EUR" {
		t.Error(later)
	}
}

// BIL-1: the preview is what applying does: new, changed, unchanged; twice does nothing more; sheets of all kinds are read.
func TestRateImport(t *testing.T) {
	w := storetest.NewWorld(t)
	file := "\ufeffPrice;Country_Code;CURRENCY;Note;Effective from\r\n" +
		"0,09;Germany;eur;x;2026-12-01\r\n" + // changed
		"0,10;DE;EUR;;2026-12-15\r\n" + // changed, from what the row above made of it
		"0.10;DE;EUR;;2027-01-01\r\n" + // unchanged then
		"0,06;AT;EUR;;\r\n" + // unchanged
		"\"0.02\";IN;EUR;;2026-11-20\r\n" + // new, at once
		"0;NG;EUR;;\r\n" // new and free
	done := preview(t, w, file)
	if done.New != 2 || done.Changed != 2 || done.Unchanged != 2 || done.Refused != 0 {
		t.Fatalf("%+v", done)
	}
	if second := done.Rows[1]; second.Row != 3 || second.Before.String() != "0.09 EUR" {
		t.Errorf("%+v", second)
	}
	before := w.Fingerprint(t)
	_, err := w.Billing.ImportRates(ctx, w.Sam.Actor, strings.NewReader(file), "another", "")
	refuses(t, "unseen", err, billing.ErrImportChanged)
	if w.Fingerprint(t) != before {
		t.Error("a refusal changed something")
	}
	w.Clock.Add(time.Hour) // between preview and apply
	_, err = w.Billing.ImportRates(ctx, w.Sam.Actor, strings.NewReader(billing.RatesToApply(done)), done.Seal, "one")
	must(t, err)
	_, err = w.Billing.ImportRates(ctx, w.Sam.Actor, strings.NewReader(file), done.Seal, "one") // the form sent twice
	must(t, err)
	now, later := prices(t, w, "EUR", w.Clock.Now()), prices(t, w, "EUR", time.Date(2026, 12, 15, 0, 0, 0, 0, time.UTC))
	if now["DE"].String() != "0.075 EUR" || now["IN"].String() != "0.02 EUR" || now["NG"].String() != "0.00 EUR" || later["DE"].String() != "0.10 EUR" {
		t.Error(now, later)
	}
	if n := w.Count(t, "rates WHERE country = 'DE' AND currency = 'EUR'"); n != 3 {
		t.Error(n, "lines for Germany")
	}
	if n := w.Count(t, "action_log WHERE action = 'rates.imported' AND details = '{\"new\": \"2\", \"changed\": \"2\"}'"); n != 1 {
		t.Error(n, "lines of the log")
	}
	again := preview(t, w, file)
	if again.Changes() != 0 {
		t.Errorf("again: %+v", again)
	}
	_, err = w.Billing.ImportRates(ctx, w.Sam.Actor, strings.NewReader(file), again.Seal, "two")
	refuses(t, "nothing to set", err, billing.ErrNothingToImport)
}

// BIL-1: somebody changes a price between preview and apply.
func TestRateImportRefusesWhatWasNotSeen(t *testing.T) {
	w := storetest.NewWorld(t)
	const file = "country,currency,price,effective from\nDE,EUR,0.09,2026-12-01\n"
	done := preview(t, w, file)
	_, err := w.Billing.SetRate(ctx, w.Sam.Actor, billing.RateOrder{Currency: "EUR", Country: "DE", Price: price(t, "0.07", "EUR")})
	must(t, err)
	_, err = w.Billing.ImportRates(ctx, w.Sam.Actor, strings.NewReader(file), done.Seal, "")
	refuses(t, "changed", err, billing.ErrImportChanged)
}

// BIL-1: what is exported is imported again without a change, and the largest file is read in one go.
func TestRateImportTakesTheExport(t *testing.T) {
	w := storetest.NewWorld(t)
	_, err := w.Billing.SetRate(ctx, w.Sam.Actor, billing.RateOrder{Currency: "EUR", Country: "DE", Price: price(t, "0.08", "EUR"), From: models.Day{Year: 2026, Month: 12, Day: 1}})
	must(t, err)
	w.Clock.Add(48 * time.Hour)
	file := "Country,Currency,Price,Effective from (Europe/Berlin)\r\n"
	n := 0
	must(t, w.Billing.ExportRates(ctx, w.Sam.Actor, models.RateQuery{}, func(r models.Rate) error {
		n++
		file += fmt.Sprintf("%s,%s,%s,%s\r\n", r.Country, r.Price.Asset, r.Price.Text(), r.From.Format(time.RFC3339Nano))
		return nil
	}))
	if done := preview(t, w, file); n != 13 || done.Unchanged != 13 {
		t.Errorf("%d rows: %+v", n, done)
	}
	var large strings.Builder
	large.WriteString("country,currency,price,effective from\n")
	countries := models.Countries()
	for i := range billing.MaxRateRows {
		fmt.Fprintf(&large, "%s,USD,0.%05d,%s\n", countries[i%len(countries)].Code, i, models.Day{Year: 2027, Month: 1, Day: 1}.AddDays(i/len(countries)))
	}
	began := time.Now()
	done := preview(t, w, large.String())
	_, err = w.Billing.ImportRates(ctx, w.Sam.Actor, strings.NewReader(large.String()), done.Seal, "")
	must(t, err)
	if n := len(billing.RatesToApply(done)); n > 1<<20 {
		t.Error("a page would carry", n, "bytes along")
	}
	if took := time.Since(began); done.Changes() != billing.MaxRateRows || took > 20*time.Second {
		t.Errorf("%d changes in %s", done.Changes(), took)
	} else {
		t.Log(took)
	}
}
