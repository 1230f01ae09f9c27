package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/services/store"
	"offshoot/services/storetest"
)

// ACC-15: staff find an account by its mobile however it is written, by a part of it too, and never by what is no number.
func TestFindByMobile(t *testing.T) {
	w := storetest.NewWorld(t)
	for text, want := range map[string]string{
		"+4915112345672": "North Clinic", "0151 12345672": "North Clinic", "0049 (151) 123-456-72": "North Clinic", "+49 (0)151/12345672": "North Clinic",
		" 5112345672 ": "North Clinic", "090-1234-5679": "Pier One", "North Clinic +49": "", "0151 99999999": "", "000": "", "(0)": "", "+(0)(0)": "",
		"0151 1234567 2x": "", strings.Repeat("9", 2000): "", "٠١٥١١٢٣٤٥٦٧٢": "",
	} {
		found, _, err := w.Accounts.Find(t.Context(), w.Sam.Actor, models.FindQuery{Text: text})
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if want == "" && len(found) != 0 || want != "" && (len(found) != 1 || found[0].Name != want) {
			t.Errorf("%q found %d accounts, want %q", text, len(found), want)
		}
		people, err := w.Accounts.FindUsers(t.Context(), w.Sam.Actor, models.FindQuery{Text: text})
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if want == "" && len(people.Users) != 0 || want != "" && (len(people.Users) != 1 || people.Users[0].AccountName != want) {
			t.Errorf("%q found %d people, want those of %q", text, len(people.Users), want)
		}
	}
}

// ACC-15: staff find any person of any account by a part of name or e-mail, page by page; others find nobody, and people
// of deleted accounts are gone.
func TestFindUsers(t *testing.T) {
	w := storetest.NewWorld(t)
	ctx := t.Context()
	for _, actor := range []models.Actor{w.Clinic.Admin.Actor, w.Clinic.Own.Actor, {}} {
		if _, err := w.Accounts.FindUsers(ctx, actor, models.FindQuery{Text: "nora"}); !errors.Is(err, models.ErrMissingPrivilege) {
			t.Errorf("%s: %v", actor.Email, err)
		}
	}
	find := func(text, after string) models.FoundUsers {
		t.Helper()
		found, err := w.Accounts.FindUsers(ctx, w.Sam.Actor, models.FindQuery{Text: text, People: after})
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		return found
	}
	w.AddUser(t, w.Clinic.Own.Account, "zoe_100%@clinic.example", models.Member)
	for text, want := range map[string]string{
		"NORA@clinic": "nora@clinic.example", "haru s": "haru@harbor.example", "zoe_100%": "zoe_100%@clinic.example", "ZOE_": "zoe_100%@clinic.example",
		"sam@offshoot.example": "sam@offshoot.example", "%": "zoe_100%@clinic.example", "nobody at all": "", "": "", "  ": "", "a\x00b": "", `\`: "",
		"' OR '1' = '1": "", "nora') OR TRUE --": "", "o'": "",
	} {
		got := find(text, "")
		if want == "" && len(got.Users) != 0 || want != "" && (len(got.Users) != 1 || got.Users[0].Email != want) {
			t.Errorf("%q found %+v", text, got.Users)
		}
	}
	if u := find("zoe", "").Users[0]; u.AccountName != "North Clinic" || u.ParentName != "North Clinic Group" || u.AccountKind != models.Sub ||
		u.AccountID != w.Clinic.Own.Account.ID || u.TenantID != w.Clinic.ID || u.Role != models.Member || u.Owner || u.Disabled {
		t.Errorf("found %+v", u)
	}
	_, err := w.Store.Change(ctx, models.System(w.Harbor.ID), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		for i := range 120 {
			_, err := identity.AddUser(ctx, tx, identity.NewUser{Account: w.Harbor.ID, Name: "Crew", Email: fmt.Sprintf("crew%03d@harbor.example", i), Role: models.Member})
			if err != nil {
				return models.Event{}, err
			}
		}
		return models.Event{Action: models.UserAdded, Account: w.Harbor.ID}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for after := ""; ; {
		page := find("crew", after)
		for _, u := range page.Users {
			got = append(got, u.Email)
		}
		if after = page.Next; after == "" {
			break
		}
	}
	if len(got) != 120 || got[0] != "crew000@harbor.example" || got[119] != "crew119@harbor.example" {
		t.Errorf("%d people, from %s", len(got), got[0])
	}
	for _, odd := range []string{"x", "%00", "W10", strings.Repeat("z", 3000)} {
		if page := find("crew", odd); len(page.Users) != 50 {
			t.Errorf("after %q: %d people", odd, len(page.Users))
		}
	}
	if _, err := w.Accounts.Delete(ctx, w.Clinic.Admin.Actor, w.Clinic.Own.Account.ID, "North Clinic"); err != nil {
		t.Fatal(err)
	}
	if got := find("zoe", ""); len(got.Users) != 0 {
		t.Errorf("found in a deleted account: %+v", got.Users)
	}
}
