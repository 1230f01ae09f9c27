package web_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"offshoot/web/webtest"
)

// BIL-1: the rate card is searched, a price is set by form and dropped again; what is wrong stands at its field.
func TestStaffSetPrices(t *testing.T) {
	p := webtest.Open(t)
	staff := p.As(t, p.Sam)
	staff.Click("Rates & packages").Want(200).Sees("Germany").Sees("0,075")
	staff.Get("/staff/rates?q=atlantis").Sees("No price matches")
	staff.Get("/staff/rates?q=japan&currency=JPY").Sees("8 JPY").SeesNot("Germany")
	staff.Get("/staff/rates/EUR/XX").Want(404)
	staff.Get("/staff/rates/EUR/DE").Sees("In force").Click("Set a price")
	staff.Fill("Price of a part", "0,08").Fill("From", "2026-11-19").Press("Set price").Want(422).Sees("digits with a point")
	staff.Fill("Price of a part", "0.08").Press("Set price").Want(422).Sees("This day has passed")
	staff.Fill("From", "first of May").Press("Set price").Want(422).Sees("Write the day like 2026-11-20")
	staff.Fill("From", "2026-12-01").Press("Set price").Want(200).Sees("The price is planned.").Sees("Planned").Sees("+6,7 %")
	staff.Press("Drop").Sees("The planned price is dropped.")
	staff.Get("/staff/rates/EUR/DE").SeesNot("Planned")

	for _, who := range []*webtest.Visitor{p.As(t, p.Clinic.Admin), p.As(t, p.Clinic.Own)} {
		who.Get("/staff/rates").Want(403)
		who.Post("/staff/rates", nil).Want(403)
	}
}

// BIL-1: a file is previewed row by row, applied as it was seen, and the export is imported again.
func TestStaffImportRates(t *testing.T) {
	p := webtest.Open(t)
	staff := p.As(t, p.Sam)
	staff.Get("/staff/rates").Click("Import")
	staff.Press("Preview").Want(422).Sees("The file is empty")
	staff.Fill("Rows", "country,currency,price,effective from\nDE,EUR,0.09,2026-12-01\nIN,EUR,0.02,\nAT,EUR,0.06,\nXX,EUR,1,\n").Press("Preview").Want(200)
	staff.Sees("Nothing is changed yet").Sees("+20 %").Sees("There is no country “XX”")
	staff.Press("Apply 2 prices").Sees("The rate card is imported.")
	staff.Get("/staff/rates?q=india").Sees("0,02 EUR")

	staff.Get("/staff/rates.csv?currency=EUR").Want(200)
	file := staff.Body
	if !strings.HasPrefix(file, "Country,Currency,Price,Effective from (Europe/Berlin)\r\n") || strings.Count(file, "\r\n") != 11 {
		t.Fatal(file)
	}
	staff.Get("/staff/rates/import").Fill("Rows", file).Press("Preview").Sees("No row of this file sets a price.")
}

// BIL-1: the file itself may come, and one that is no file of rates is refused in a sentence.
func TestStaffUploadRates(t *testing.T) {
	p := webtest.Open(t)
	staff := p.As(t, p.Sam)
	staff.Get("/staff/rates/import")
	sendRates(t, p, staff, "rates.csv", "\ufeffcountry;currency;price\r\nIN;EUR;0,02\r\nDE;EUR;nothing\r\n").Want(200).Sees("“nothing” is no price").Press("Apply 1 price").Sees("The rate card is imported.")
	staff.Get("/staff/rates?q=india").Sees("0,02 EUR")
	staff.Get("/staff/rates/import")
	sendRates(t, p, staff, "rates.xlsx", "PK\x03\x04\x00\x00").Want(422).Sees("This is no text.")
	sendRates(t, p, p.As(t, p.Clinic.Admin), "rates.csv", "country,currency,price\nDE,EUR,1\n").Want(403)
}

// sendFile posts the form of an import as a browser does that has a file for it.
func sendRates(t *testing.T, p *webtest.Portal, v *webtest.Visitor, name, content string) *webtest.Visitor {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for field, text := range map[string]string{"text": "", "posted_in": v.Page.Find("input[name=posted_in]").AttrOr("value", "")} {
		if err := form.WriteField(field, text); err != nil {
			t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = part.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err = form.Close(); err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodPost, p.URL+"/staff/rates/import", &body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", form.FormDataContentType())
	return v.Do(request)
}
