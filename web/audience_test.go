package web_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"offshoot/services/audience"
	"offshoot/services/gateways"
	"offshoot/services/inbound"
	"offshoot/web/webtest"
)

// MSG-5: a group by its forms: added, filled, searched, changed, deleted.
func TestAudiencePages(t *testing.T) {
	p := webtest.Open(t)
	nora := p.As(t, p.Clinic.Admin)
	nora.Get("/audience").Click("Add group")
	nora.Fill("Name", " ").Press("Save")
	if nora.Status != http.StatusUnprocessableEntity || !strings.Contains(nora.Text(), "Enter a name for the group.") {
		t.Error(nora.Status, nora.Text())
	}
	nora.Fill("Name", "Patients <b>").Fill("Custom fields", "City\r\nBirthday").Press("Save")
	if !strings.Contains(nora.Text(), "Patients <b>") || !strings.Contains(nora.Text(), "No contact yet") {
		t.Fatal(nora.Text())
	}
	nora.Click("Add contact").Fill("Number", "call me").Fill("Name", "Ada").Fill("City", "Bonn").Press("Add contact")
	if nora.Status != http.StatusUnprocessableEntity || !strings.Contains(nora.Text(), "letters") || nora.Value("City") != "Bonn" {
		t.Error(nora.Status, nora.Text())
	}
	nora.Fill("Number", "0151 12340001").Press("Add contact")
	if !strings.Contains(nora.Text(), "+4915112340001 is added.") || !strings.Contains(nora.Text(), "Bonn") {
		t.Error(nora.Text())
	}
	nora.Get("/audience/opt-outs").Fill("Number", "0151 12340001").Press("Add opt-out")
	if !strings.Contains(nora.Text(), "+4915112340001 gets no more messages.") || !strings.Contains(nora.Text(), "Added by hand") {
		t.Error(nora.Text())
	}
}

// sendFile posts a file to a path, as a browser does.
func sendFile(t *testing.T, v *webtest.Visitor, p *webtest.Portal, path, name, content string, before map[string]string) (int, string) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for field, value := range before {
		_ = form.WriteField(field, value)
	}
	if name != "" {
		part, err := form.CreateFormFile("file", name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(part, strings.NewReader(content))
	}
	_ = form.Close()
	return postRaw(t, v, p, path, form.FormDataContentType(), &body)
}

func postRaw(t *testing.T, v *webtest.Visitor, p *webtest.Portal, path, kind string, body io.Reader) (int, string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, p.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", kind)
	request.Header.Set("Origin", p.URL)
	v.Do(request)
	return v.Status, v.Body
}

// MSG-5: a file goes from the form to the preview, what is wrong with it stands at the field, and its refused rows are a file.
func TestImportPages(t *testing.T) {
	p := webtest.Open(t)
	nora := p.As(t, p.Clinic.Admin)
	group, err := p.Audience.AddGroup(t.Context(), p.Clinic.Admin.Actor, audience.GroupOrder{Name: "Patients"})
	if err != nil {
		t.Fatal(err)
	}
	to := "/audience/groups/" + group.String() + "/imports"
	for name, c := range map[string]struct{ file, content, says string }{
		"no file":  {"", "", "Choose a file."},
		"no head":  {"a.csv", "015112340001\n", "holds a number already"},
		"workbook": {"a.xlsx", "PK\x03\x04", "own file"},
		"empty":    {"a.csv", "", "empty"},
	} {
		if status, page := sendFile(t, nora, p, to, c.file, c.content, nil); status != http.StatusUnprocessableEntity || !strings.Contains(page, c.says) {
			t.Errorf("%s: %d %.300s", name, status, page)
		}
	}
	if status, _ := sendFile(t, nora, p, to, "a.csv", "number\n015112340001\n", map[string]string{"posted_in": p.Harbor.ID.String()}); status != http.StatusConflict {
		t.Error("a form of another account:", status)
	}
	if status, _ := postRaw(t, nora, p, to, "multipart/form-data; boundary=x", strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nnumber\r\n0151")); status != http.StatusUnprocessableEntity {
		t.Error("a body that was cut:", status)
	}
	if n := p.Count(t, `contact_imports`); n != 0 {
		t.Error(n, "imports")
	}
	status, page := sendFile(t, nora, p, to, `list "1".csv`, "number;name;City\n015112340001;Ada;Bonn\nnobody;Bob;=1+1\n", map[string]string{"posted_in": p.Clinic.ID.String()})
	if status != http.StatusOK || !strings.Contains(page, "This has letters in it.") || !strings.Contains(page, "Import 1 rows") {
		t.Fatalf("%d %.2000s", status, page)
	}
	found, err := p.Audience.Imports(t.Context(), p.Clinic.Admin.Actor, group)
	if err != nil || len(found) != 1 || found[0].FileName != `list "1".csv` {
		t.Fatal(found, err)
	}
	nora.Get(to + "/" + found[0].ID.String()).Press("Import 1 rows")
	if !strings.Contains(nora.Text(), "The import is running.") {
		t.Error(nora.Text())
	}
	if err := p.Audience.Run(t.Context(), audience.RunImport{Tenant: p.Clinic.ID, Group: group, Import: found[0].ID}); err != nil {
		t.Fatal(err)
	}
	if file := nora.Get(to + "/" + found[0].ID.String() + "/refused.csv").Body; !strings.Contains(file, "3,\"nobody, Bob, =1+1\",This has letters in it.") {
		t.Error(file)
	}
	if file := nora.Get("/audience/groups/" + group.String() + "/contacts.csv").Body; !strings.Contains(file, "+4915112340001,Ada,Bonn,\r\n") {
		t.Error(file)
	}
}

// MSG-6: rules by their forms, what they make of a text, and what came in.
func TestInteractivePages(t *testing.T) {
	p := webtest.Open(t)
	if _, err := p.Inbound.AssignNumber(t.Context(), p.Sam.Actor, inbound.NumberOrder{Number: "+4915155500002", Email: p.Clinic.Admin.Email}); err != nil {
		t.Fatal(err)
	}
	nora := p.As(t, p.Clinic.Admin)
	nora.Get("/interactive/rules").Click("Add keyword or rule").Fill("Keyword", "STOP").Fill("Answer", "no").Press("Save")
	if nora.Status != http.StatusUnprocessableEntity || !strings.Contains(nora.Text(), "taken care of already") {
		t.Error(nora.Status, nora.Text())
	}
	nora.Fill("Keyword", "INFO").Fill("Answer", "Open <b>8 to 18</b>").Press("Save")
	if !strings.Contains(nora.Text(), "Open <b>8 to 18</b>") {
		t.Error(nora.Text())
	}
	nora.Fill("Message", "info!").Press("Try")
	if !strings.Contains(nora.Text(), "exactly the keyword “INFO”") {
		t.Error(nora.Text())
	}
	if _, err := p.Inbound.Receive(t.Context(), gateways.Inbound{ID: "1", From: "+4915112340001", To: "+4915155500002", Body: "=info <i>", At: p.Clock.Now()}, "simulator"); err != nil {
		t.Fatal(err)
	}
	nora.Get("/interactive")
	if !strings.Contains(nora.Text(), "=info <i>") {
		t.Error(nora.Text())
	}
	if file := nora.Get("/interactive.csv?sender=015112340001").Body; !strings.Contains(file, "'=info <i>") {
		t.Error(file)
	}
	if nora.Get("/interactive?sender=abc&from=x"); nora.Status != http.StatusUnprocessableEntity || !strings.Contains(nora.Text(), "letters") {
		t.Error(nora.Status)
	}
	sam := p.As(t, p.Sam)
	sam.Get("/staff/numbers").Fill("Number", "+4915155500002").Fill("Sign-in e-mail of the account", p.Harbor.Admin.Email).Press("Assign number")
	if sam.Status != http.StatusUnprocessableEntity || !strings.Contains(sam.Text(), "An account has this number already.") || !strings.Contains(sam.Text(), "North Clinic Group") {
		t.Error(sam.Status, sam.Text())
	}
}
