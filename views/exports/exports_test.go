package exports

import (
	"bytes"
	"encoding/csv"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"offshoot/models"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// file is what a sheet wrote: as bytes, and as a reader of RFC 4180 sees it.
func file[Row any](t *testing.T, begin func(*bytes.Buffer) *Sheet[Row], rows ...Row) (string, [][]string) {
	t.Helper()
	var out bytes.Buffer
	sheet := begin(&out)
	for _, row := range rows {
		if err := sheet.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if out.Len() != 0 {
		t.Error("a short file reached its reader before Close")
	}
	if err := sheet.Close(); err != nil {
		t.Fatal(err)
	}
	if !utf8.Valid(out.Bytes()) {
		t.Error("the file is not UTF-8")
	}
	if strings.Count(out.String(), "\n") != strings.Count(out.String(), "\r\n") {
		t.Error("a line does not end in CRLF")
	}
	read, err := csv.NewReader(bytes.NewReader(out.Bytes())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), read
}

// Always: text that a spreadsheet would compute is shown instead; other text stays as it is.
func TestTextIsGuarded(t *testing.T) {
	for _, dangerous := range []string{`=HYPERLINK("http://x")`, "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠1", "=", "+"} {
		if got := text(dangerous); got != "'"+dangerous {
			t.Errorf("%q was written as %q", dangerous, got)
		}
	}
	for _, plain := range []string{"", "North Clinic", "'quoted'", "a=1", "1-2", "東京", "ﬁ", "\xef", "日＝"} {
		if got := text(plain); got != plain {
			t.Errorf("%q was written as %q", plain, got)
		}
	}
}

// REP-2: a mobile number keeps its + when it is one, and is guarded as text when it is not.
func TestMobile(t *testing.T) {
	for in, want := range map[string]string{
		"+4915112345678": "+4915112345678", "": "", "+1+1": "'+1+1", "+49 151": "'+49 151", "+1234": "'+1234", "+12345678901234567": "'+12345678901234567",
		"=1": "'=1", "+49151\n1": "'+49151\n1", "+٤٩١٥١": "'+٤٩١٥١",
	} {
		if got := mobile(in); got != want {
			t.Errorf("%q was written as %q, not %q", in, got, want)
		}
	}
}

// REP-2: exactly these columns.
func TestSubAccountDetails(t *testing.T) {
	begin := func(b *bytes.Buffer) *Sheet[models.SubAccountDetails] { return SubAccountDetailsCSV(b) }
	raw, read := file(t, begin,
		models.SubAccountDetails{Name: `=cmd|'/c calc'!A1, "North"`, Email: "n@x.example", Mobile: "+4915112345678", Status: models.Pending,
			SharingBalance: models.FromMicros(25_000_000, "EUR"), RemainingBalance: models.FromMicros(12_345_600, "EUR")},
		models.SubAccountDetails{Name: "Zwölf\nLinien", Status: models.Deactivated, SharingBalance: models.FromMicros(-5_000_000, "JPY"),
			RemainingBalance: models.Zero("JOD"), RemainingUnits: 7})
	if head := "Name,Email,Mobile number,Status,Sharing balance,Remaining balance,Remaining units\r\n"; !strings.HasPrefix(raw, head) {
		t.Errorf("the file begins %q", raw[:min(len(raw), 100)])
	}
	for i, want := range [][]string{
		{`'=cmd|'/c calc'!A1, "North"`, "n@x.example", "+4915112345678", "Pending", "25.00", "12.3456", "0"},
		{"Zwölf\nLinien", "", "", "Deactivated", "-5", "0.000", "7"},
	} {
		if got := read[i+1]; strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("row %d is %q, not %q", i, got, want)
		}
	}
}

// REP-3, REP-5: times are ISO 8601 in the reader's zone, which the head names; figures are plain and never guarded.
func TestActionLog(t *testing.T) {
	taken, left := models.FromMicros(-25_000_000, "EUR"), models.FromMicros(1_234_567_890_000, "EUR")
	begin := func(b *bytes.Buffer) *Sheet[models.LogLine] { return ActionLogCSV(b, zone(t, "America/St_Johns")) }
	raw, read := file(t, begin,
		models.LogLine{At: time.Date(2026, 11, 21, 2, 30, 0, 999, time.UTC), ActorEmail: "-a@x.example", ActingAs: "@home", Action: models.TransferPosted,
			AccountName: "=North", OtherName: "+Sunrise", Amount: &taken, BalanceAfter: &left, Reference: "=2+5", Transfer: models.ID{1}},
		models.LogLine{At: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), Action: models.SignedOut, AccountName: "North"})
	if !strings.HasPrefix(raw, "Time (America/St_Johns),Actor,Acting as,Action,What happened,Account,Other account,Asset,Amount,Balance after,Reference,Transfer\r\n") {
		t.Errorf("the file begins %q", raw[:min(len(raw), 150)])
	}
	for i, want := range [][]string{
		{"2026-11-20T23:00:00-03:30", "'-a@x.example", "'@home", "transfer.posted", "Balance transferred from +Sunrise to =North", "'=North", "'+Sunrise",
			"EUR", "-25.00", "1234567.89", "'=2+5", "01000000-0000-0000-0000-000000000000"},
		{"2026-06-30T21:30:00-02:30", "System", "", "session.ended", "Signed out of North", "North", "", "", "", "", "", ""},
	} {
		if got := read[i+1]; strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("row %d is\n%q, not\n%q", i, got, want)
		}
	}
}

// BAL-11: a statement's file has every entry with what it was for and what was left.
func TestStatement(t *testing.T) {
	begin := func(b *bytes.Buffer) *Sheet[models.StatementLine] { return StatementCSV(b, nil) }
	raw, read := file(t, begin, models.StatementLine{Number: 3, At: time.Date(2026, 11, 21, 2, 30, 0, 0, time.UTC), Kind: models.UsageCharge, UsageKind: "message",
		Quantity: 3, Country: "JO", Amount: models.FromMicros(-1_005_000, "JOD"), BalanceAfter: models.FromMicros(0, "JOD"), Reference: "r-1"})
	if !strings.HasPrefix(raw, "Entry,Time (UTC),What,Other account,Asset,Amount,Balance after,Reference,Transfer\r\n") {
		t.Errorf("the file begins %q", raw)
	}
	if got, want := strings.Join(read[1], "|"), "3|2026-11-21T02:30:00+00:00|3 messages to Jordan||JOD|-1.005|0.000|r-1|"; got != want {
		t.Errorf("the row is %q, not %q", got, want)
	}
}

// REP-1, BAL-2: the columns are those of the report, without costs for whom there are none.
func TestUsage(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	days := models.Days{From: models.Day{Year: 2026, Month: 10, Day: 1}, To: models.Day{Year: 2026, Month: 11, Day: 21}, Zone: berlin}
	cost := models.FromMicros(1_234_000, "JPY")
	used := models.UsageRow{Day: days.From, Country: "DE", AccountName: "=North", Usage: models.Usage{Messages: 1, Parts: 2, Others: 3, Cost: &cost}}
	for _, c := range []struct {
		by          models.UsageGrouping
		account     bool
		costs       bool
		head, first string
	}{
		{models.ByDay, false, true, "Day (Europe/Berlin),Messages,Delivered share,Parts,Units,Other usage,Asset,Cost", "2026-10-01,1,,2,0,3,JPY,1.234"},
		{models.ByDay, true, false, "Day (Europe/Berlin),Account,Messages,Delivered share,Parts,Units,Other usage", "2026-10-01,'=North,1,,2,0,3"},
		{models.ByMonth, false, true, "Month (Europe/Berlin),Messages,Delivered share,Parts,Units,Other usage,Asset,Cost", "2026-10,1,,2,0,3,JPY,1.234"},
		{models.ByCountry, true, true, "Period (Europe/Berlin),Country,Country name,Account,Messages,Delivered share,Parts,Units,Other usage,Asset,Cost", "2026-10-01/2026-11-21,DE,Germany,'=North,1,,2,0,3,JPY,1.234"},
	} {
		begin := func(b *bytes.Buffer) *Sheet[models.UsageRow] { return UsageCSV(b, days, c.by, c.account, c.costs) }
		raw, _ := file(t, begin, used, used)
		if want := c.head + "\r\n" + c.first + "\r\n" + c.first + "\r\n"; raw != want {
			t.Errorf("by %s: %q, not %q", c.by, raw, want)
		}
	}
}

// REP-3: a file of nothing still has its head, and a reader who has gone away ends the file.
func TestSheetEnds(t *testing.T) {
	raw, read := file(t, func(b *bytes.Buffer) *Sheet[models.LogLine] { return ActionLogCSV(b, nil) })
	if len(read) != 1 || !strings.HasPrefix(raw, "Time (UTC),") {
		t.Errorf("an empty file is %q", raw)
	}
	gone := errors.New("gone")
	sheet := SubAccountDetailsCSV(broken{gone})
	var err error
	for range 10_000 {
		if err = sheet.Write(models.SubAccountDetails{Name: "North Clinic"}); err != nil {
			break
		}
	}
	if !errors.Is(err, gone) {
		t.Errorf("writing to nobody returned %v", err)
	}
	if err := SubAccountDetailsCSV(broken{gone}).Close(); !errors.Is(err, gone) {
		t.Errorf("closing to nobody returned %v", err)
	}
}

type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }

// REP-5: a file is named after account, days and zone, and after nothing that a file system or a header would mind.
func TestFileName(t *testing.T) {
	days := models.Days{From: models.Day{Year: 2026, Month: 10, Day: 1}, To: models.Day{Year: 2026, Month: 11, Day: 21}, Zone: zone(t, "Europe/Berlin")}
	for _, c := range []struct {
		kind, account string
		days          models.Days
		want          string
	}{
		{"action-log", "North Clinic", days, "offshoot-action-log_north-clinic_2026-10-01_2026-11-21_Europe-Berlin.csv"},
		{"usage", "Łódź / Zwölf \"Ünïts\"\r\nX", days, "offshoot-usage_odz-zwolf-units-x_2026-10-01_2026-11-21_Europe-Berlin.csv"},
		{"usage", "../../etc/passwd", days, "offshoot-usage_etc-passwd_2026-10-01_2026-11-21_Europe-Berlin.csv"},
		{"usage", "東京", days, "offshoot-usage_2026-10-01_2026-11-21_Europe-Berlin.csv"},
		{"statement", "North", models.Days{From: days.From, Zone: zone(t, "America/Argentina/Buenos_Aires")}, "offshoot-statement_north_2026-10-01_America-Argentina-Buenos_Aires.csv"},
		{"sub-accounts", "North", models.Days{}, "offshoot-sub-accounts_north.csv"},
		{"sub-accounts", strings.Repeat("x", 500), models.Days{}, "offshoot-sub-accounts_" + strings.Repeat("x", 60) + ".csv"},
	} {
		if got := FileName(c.kind, c.account, c.days); got != c.want {
			t.Errorf("%q: %s, not %s", c.account, got, c.want)
		}
	}
}
