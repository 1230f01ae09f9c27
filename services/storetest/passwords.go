package storetest

import (
	"context"
	"encoding/json"
	"regexp"
	"testing"

	"github.com/jackc/pgx/v5"

	"offshoot/services/identity"
)

// PasswordLink does the jobs of those who forgot their password, as the queue would, and returns the path of the link in the
// newest mail to an address.
func (s *Services) PasswordLink(t testing.TB, email string) string {
	t.Helper()
	s.DoPasswordLinks(t)
	return s.inOutbox(t, email, regexp.MustCompile(`/forgotten-password/link\?token=[\w-]+`))
}

// DoPasswordLinks does the jobs of those who forgot their password.
func (s *Services) DoPasswordLinks(t testing.TB) {
	t.Helper()
	rows, err := s.Raw.Query(context.Background(), `DELETE FROM river_job WHERE kind = $1 RETURNING args`, identity.PasswordLinkAsked{}.Kind())
	must(t, err)
	jobs, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	must(t, err)
	for _, args := range jobs {
		var asked identity.PasswordLinkAsked
		must(t, json.Unmarshal(args, &asked))
		must(t, s.Identity.SendPasswordLink(context.Background(), asked))
	}
}
