package audience_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"offshoot/models"
	"offshoot/services/audience"
	"offshoot/services/storetest"
)

// importFile reads a file, starts it and runs it to its end.
func importFile(t testing.TB, w *storetest.World, s *audience.Service, actor models.Actor, group models.ID, file string) models.ContactImport {
	t.Helper()
	id, err := s.ReadImport(ctx, actor, group, "list.csv", strings.NewReader(file))
	must(t, err)
	must(t, s.StartImport(ctx, actor, group, id))
	must(t, s.Run(ctx, audience.RunImport{Tenant: actor.Tenant, Group: group, Import: id}))
	_, done, _, err := s.Import(ctx, actor, group, id)
	must(t, err)
	if done.Status != models.ImportDone {
		t.Error(done.Status)
	}
	return done
}

// MSG-5: files that cannot be read are refused before anything of them is kept.
func TestFilesThatCannotBeImported(t *testing.T) {
	w, s := world(t)
	nora := w.Clinic.Admin.Actor
	group := addGroup(t, s, nora, "Patients")
	for name, c := range map[string]struct{ file, says string }{
		"empty":         {"", "empty"},
		"no header":     {"015112345671,Ada\n", "holds a number already"},
		"no number":     {"name,city\nAda,Bonn\n", "No column is called number"},
		"twice":         {"number,City,city\n1,2,3\n", "two fields"},
		"long head":     {"number," + strings.Repeat("x", 41) + "\n", "under 40 characters"},
		"many columns":  {"number" + strings.Join(func() (c []string) { numbered(21)(func(f string) bool { c = append(c, ","+f); return true }); return c }(), "") + "\n", "20 fields"},
		"megabyte head": {"number," + strings.Repeat("x", 1<<20) + "\n", "64 KB"},
		"invalid head":  {"number,St\xe4dt\n", "CSV UTF-8"},
		"workbook":      {"PK\x03\x04", "spreadsheet's own file"},
		"UTF-16":        {"\xff\xfen\x00", "UTF-16"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.ReadImport(ctx, nora, group, "a.csv", strings.NewReader(c.file))
			refused(t, err, models.ErrCheckFields, "file")
			var rule *models.Error
			if errors.As(err, &rule) && !strings.Contains(rule.Fields["file"], c.says) {
				t.Error(rule.Fields["file"])
			}
		})
	}
	broken := errors.New("the line broke")
	_, err := s.ReadImport(ctx, nora, group, "a.csv", io.MultiReader(strings.NewReader("number\n"+strings.Repeat("015112345671\n", 20_000)), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) {
		t.Error(err)
	}
	if w.Count(t, `contact_imports`) != 0 || w.Count(t, `contact_import_rows`) != 0 {
		t.Error("something is left")
	}
	header, err := s.ReadImport(ctx, nora, group, "a.csv", strings.NewReader("number,name\n\n,\n"))
	must(t, err)
	refused(t, s.StartImport(ctx, nora, group, header), audience.ErrNothingToImport, "")
	refused(t, s.StartImport(ctx, nora, group, models.NewID()), audience.ErrNoSuchImport, "")
}

// MSG-5: ten thousand bad rows, each told with its row and its reason, and the good ones between them taken.
func TestBadRowsAreTold(t *testing.T) {
	w, s := world(t)
	nora := w.Clinic.Admin.Actor
	group := addGroup(t, s, nora, "Patients")
	var file strings.Builder
	file.WriteString("number;name;City\r\n")
	bad := []string{"letters", "12", "+49 151 12345671 x3", "M\xfcller", "+0151", "112", "", "015112345671;" + strings.Repeat("n", 121), "015112345671;;" + strings.Repeat("c", 501), "015112345671,015112345672"}
	for i := range 10_000 {
		fmt.Fprintf(&file, "%s;x\r\n", bad[i%len(bad)])
		if i%100 == 0 {
			fmt.Fprintf(&file, "0151%08d;Name %d;Köln\r\n", 12300000+i, i)
		}
	}
	done := importFile(t, w, s, nora, group, file.String())
	if done.Rows != 10_100 || done.Refused != 10_000 || done.Applied != 100 || done.Joined != 100 || done.Fresh != 100 {
		t.Errorf("%+v", done)
	}
	var rows, last int64
	must(t, s.ExportRefused(ctx, nora, group, done.ID, func(r models.ImportRow) error {
		if rows++; r.Row <= last || r.Problem == "" || !strings.HasSuffix(r.Problem, ".") {
			t.Fatal(r)
		}
		last = r.Row
		return nil
	}))
	if rows != 10_000 || last != 10_101 {
		t.Error(rows, last)
	}
	g, err := s.Group(ctx, nora, group)
	must(t, err)
	if g.Members != 100 || len(g.Fields) != 1 || g.Fields[0] != "City" {
		t.Error(g)
	}
}

// MSG-5: the last row of a number counts, contacts that are there are kept and updated, the same file again adds nothing.
func TestImportKnowsItsContacts(t *testing.T) {
	w, s := world(t)
	nora := w.Clinic.Admin.Actor
	group := addGroup(t, s, nora, "Patients", "City")
	ada, err := s.AddContact(ctx, nora, group, audience.ContactOrder{Number: "015112345671", Name: "Ada", Fields: map[string]string{"City": "Bonn"}})
	must(t, err)
	file := "Mobile number,CITY,Note,name\n+49 151 12345671,,vip,\n015112345672,Ulm,,Bob\n00491511234 5672,Kiel,x,Bobby\n"
	done := importFile(t, w, s, nora, group, file)
	if done.Rows != 3 || done.Applied != 3 || done.Fresh != 1 || done.Joined != 1 {
		t.Errorf("%+v", done)
	}
	_, found, err := s.Contact(ctx, nora, group, ada.ID)
	must(t, err)
	if found.Name != "Ada" || found.Fields["City"] != "Bonn" || found.Fields["Note"] != "vip" {
		t.Error(found)
	}
	_, page, err := s.Contacts(ctx, nora, group, models.ContactQuery{Search: "bobby"})
	must(t, err)
	if len(page.Rows) != 1 || page.Rows[0].Fields["City"] != "Kiel" {
		t.Error(page)
	}
	if again := importFile(t, w, s, nora, group, file); again.Fresh != 0 || again.Joined != 0 || again.Applied != 3 {
		t.Errorf("%+v", again)
	}
	other := addGroup(t, s, nora, "Other")
	if in := importFile(t, w, s, nora, other, file); in.Fresh != 0 || in.Joined != 2 {
		t.Errorf("%+v", in)
	}
}

// MSG-5: a job that is cut off again and again loses no committed chunk, and does none twice; many at once neither.
func TestImportThatIsCutOff(t *testing.T) {
	w, s := world(t)
	nora := w.Clinic.Admin.Actor
	group := addGroup(t, s, nora, "Patients")
	var file strings.Builder
	file.WriteString("number\n")
	const rows = 23_000
	for i := range rows {
		fmt.Fprintf(&file, "0151%08d\n", 12000000+i%22_000)
	}
	var jobs []audience.RunImport
	for range 2 {
		id, err := s.ReadImport(ctx, nora, group, "list.csv", strings.NewReader(file.String()))
		must(t, err)
		must(t, s.StartImport(ctx, nora, group, id))
		refused(t, s.StartImport(ctx, nora, group, id), audience.ErrImportStarted, "")
		jobs = append(jobs, audience.RunImport{Tenant: nora.Tenant, Group: group, Import: id})
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			cut, cancel := context.WithCancel(ctx)
			if i < 4 {
				go func() {
					for w.Count(t, `contacts`) < (i+1)*5000 {
						time.Sleep(5 * time.Millisecond)
					}
					cancel()
				}()
			}
			if err := s.Run(cut, jobs[i%2]); err != nil && i >= 4 {
				t.Error(err)
			}
			cancel()
		})
	}
	wg.Wait()
	var fresh, joined int64
	for _, job := range jobs {
		must(t, s.Run(ctx, job))
		_, done, _, err := s.Import(ctx, nora, group, job.Import)
		must(t, err)
		if done.Status != models.ImportDone || done.Applied != rows {
			t.Errorf("%+v", done)
		}
		fresh, joined = fresh+done.Fresh, joined+done.Joined
	}
	if n := int64(w.Count(t, `contacts`)); n != 22_000 || fresh != n || joined != n {
		t.Error(n, fresh, joined)
	}
	if n := w.Count(t, `action_log WHERE action = 'contact_import.done'`); n != 2 {
		t.Error(n, "ends")
	}
}

// MSG-5: a group that is deleted while a file goes into it stops the file; old files go.
func TestImportsEnd(t *testing.T) {
	w, s := world(t)
	nora := w.Clinic.Admin.Actor
	group, kept := addGroup(t, s, nora, "Patients"), addGroup(t, s, nora, "Kept")
	id, err := s.ReadImport(ctx, nora, group, "list.csv", strings.NewReader("number\n015112345671\n"))
	must(t, err)
	must(t, s.StartImport(ctx, nora, group, id))
	must(t, s.DeleteGroup(ctx, nora, group))
	must(t, s.Run(ctx, audience.RunImport{Tenant: nora.Tenant, Group: group, Import: id}))
	if w.Count(t, `contact_imports WHERE status = 'stopped'`) != 1 || w.Count(t, `contacts`) != 0 {
		t.Error("not stopped")
	}
	importFile(t, w, s, nora, kept, "number\n015112345671\nx\n")
	_, err = s.ReadImport(ctx, nora, kept, "list.csv", strings.NewReader("number\n015112345671\n"))
	must(t, err)
	if _, err := s.SweepImports(ctx); err != nil || w.Count(t, `contact_import_rows`) != 2 || w.Count(t, `contact_imports`) != 3 {
		t.Error(err, w.Count(t, `contact_import_rows`))
	}
	w.Clock.Add(audience.UnstartedKept + 1000)
	if n, err := s.SweepImports(ctx); n != 1 || err != nil || w.Count(t, `contact_import_rows`) != 1 {
		t.Error(n, err)
	}
	w.Clock.Add(audience.ImportsKept)
	if n, err := s.SweepImports(ctx); n != 2 || err != nil || w.Count(t, `contact_import_rows`) != 0 {
		t.Error(n, err)
	}
}
