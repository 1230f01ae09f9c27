package audience

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"offshoot/models"
	"offshoot/services/store"
)

// What a file of contacts may have.
const (
	chunk    = 5000 // rows at a time, read as applied
	mostRows = 2_000_000
	// shownRows are those of the preview
	shownRows = 20
)

var (
	// ErrNoSuchImport is the answer to a file that is not there, or that the account may not see.
	ErrNoSuchImport = &models.Error{Kind: models.NotFound, Code: "no_such_import", Message: "There is no such import."}
	// ErrImportStarted is the refusal of what can be done only before it began.
	ErrImportStarted = &models.Error{Kind: models.Conflict, Code: "import_started", Message: "This import was started already."}
	// ErrNothingToImport is the refusal of a file without good rows.
	ErrNothingToImport = &models.Error{Kind: models.Conflict, Code: "nothing_to_import", Message: "No row of this file can be imported. Download the refused rows to see why."}
	// ErrBrokenOff is the refusal of a file that was not read to its end.
	ErrBrokenOff = &models.Error{Kind: models.Conflict, Code: "import_broken_off", Message: "The upload of this file broke off. Upload it again."}
)

// head is how the columns of a file are read.
type head struct {
	columns      []string
	number, name int
	fields       map[int]string // columns that become custom fields
}

// readHead reads the first row. Refuses a file whose first row does not say which column holds the numbers.
func readHead(first Row, country string) (head, error) {
	wrong := func(sentence string) (head, error) { return head{}, models.ErrCheckFields.At("file", sentence) }
	if first.Problem != "" {
		return wrong("The first row of the file must name its columns. " + first.Problem)
	}
	h := head{columns: first.Cells, number: NumberColumn(first.Cells), fields: map[int]string{}}
	if h.number < 0 {
		for _, cell := range first.Cells {
			if _, problem := ReadNumber(cell, country); problem == "" {
				return wrong("The first row must name the columns, and here it holds a number already. Put a row above it that says number, name and so on.")
			}
		}
		return wrong("No column is called number. Name the column that holds the numbers so, in the first row.")
	}
	h.name = columnOf(first.Cells, nameHeads)
	var p models.Problems
	var names []string
	for i, cell := range first.Cells {
		if i == h.number || i == h.name || strings.TrimSpace(cell) == "" {
			continue
		}
		read, _ := readText(cell, longestField)
		names, h.fields[i] = append(names, cell), read
	}
	checkFields(&p, "file", names)
	return h, p.Err()
}

// fieldNames are the custom fields of the file in the order of its columns.
func (h head) fieldNames() []string {
	var names []string
	for i := range h.columns {
		if name := h.fields[i]; name != "" {
			names = append(names, name)
		}
	}
	return names
}

// spellAs calls fields that the group has as the group does.
func (h head) spellAs(fields []string) {
	for i, name := range h.fields {
		if at := slices.IndexFunc(fields, func(f string) bool { return strings.EqualFold(f, name) }); at >= 0 {
			h.fields[i] = fields[at]
		}
	}
}

// row reads a row below the head.
func (h head) row(r Row, country string) models.ImportRow {
	read := models.ImportRow{Row: r.N, Problem: r.Problem}
	cell := func(i int) string {
		if i < 0 || i >= len(r.Cells) {
			return ""
		}
		return r.Cells[i]
	}
	refuse := func(sentence string) models.ImportRow {
		shown := []rune(strings.Join(r.Cells, ", "))
		return models.ImportRow{Row: r.N, Number: string(shown[:min(len(shown), 200)]), Problem: sentence}
	}
	if r.Problem != "" {
		return refuse(r.Problem)
	}
	number, problem := ReadNumber(cell(h.number), country)
	if problem != "" {
		return refuse(problem)
	}
	read.Number, read.Country = number.E164, number.Country
	if read.Name, problem = readText(cell(h.name), longestName); problem != "" {
		return refuse(problem)
	}
	read.Fields = make(map[string]string, len(h.fields))
	for i, name := range h.fields {
		value, problem := readText(cell(i), longestValue)
		if problem != "" {
			return refuse(name + ": " + problem)
		}
		if value != "" {
			read.Fields[name] = value
		}
	}
	return read
}

// ReadImport reads a file of contacts for a group, row by row as it arrives, and keeps it to be looked at: nothing of the
// group changes. It takes little memory whatever the file's size.
// For: whoever manages the audience, in groups that the account may edit. Refuses: missing privilege; no such group; a group of others; a
// file that is no CSV, whose columns are not named, or that has more than two million rows.
func (s *Service) ReadImport(ctx context.Context, actor models.Actor, group models.ID, fileName string, file io.Reader) (models.ID, error) {
	if err := actor.Require(models.ManageAudience); err != nil {
		return models.NoID, err
	}
	var g models.ShownGroup
	var country string
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) (err error) {
		if g, err = groupSeen(tx, group); err != nil {
			return err
		}
		if g.May < models.MayEdit {
			return ErrNotYourGroup
		}
		country, err = countryOf(tx, g.Account)
		return err
	})
	if err != nil {
		return models.NoID, err
	}
	sheet, err := OpenSheet(file)
	var refusal *models.Error
	if errors.As(err, &refusal) {
		return models.NoID, models.ErrCheckFields.At("file", refusal.Message)
	}
	if err != nil {
		return models.NoID, err
	}
	first, err := sheet.Next()
	for err == nil && first.Blank() {
		first, err = sheet.Next()
	}
	if err != nil {
		return models.NoID, err
	}
	h, err := readHead(first, country)
	if err != nil {
		return models.NoID, err
	}
	h.spellAs(g.Fields)
	id := models.NewIDAt(s.store.Now())
	name := []rune(strings.ToValidUTF8(strings.ReplaceAll(fileName, "\x00", ""), ""))
	if _, err := s.store.Note(ctx, actor.Tenant, `INSERT INTO contact_imports (tenant_id, id, group_id, account_id, file_name, columns, number_column,
		name_column, status, created_by, created_as, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'reading', $9, $10, $11)`, id, group, g.Account,
		string(name[:min(len(name), 200)]), h.columns, h.number, h.name, actor.Email, actor.Entered(), s.store.Now()); err != nil {
		return models.NoID, err
	}
	if err := s.readRows(ctx, actor.Tenant, id, sheet, h, country); err != nil {
		return models.NoID, errors.Join(err, s.drop(context.WithoutCancel(ctx), actor.Tenant, id))
	}
	_, err = s.store.Note(ctx, actor.Tenant, `UPDATE contact_imports SET status = 'ready' WHERE tenant_id = $1 AND id = $2`, id)
	return id, err
}

// staged is a chunk of rows on its way into the table, column by column.
type staged struct {
	rows                                     []int64
	contacts                                 []*models.ID
	numbers, countries, names, fields, wrong []string
}

func (c *staged) add(r models.ImportRow) {
	var contact *models.ID
	if r.Problem == "" {
		id := models.NewID()
		contact = &id
	}
	fields, _ := json.Marshal(r.Fields)
	c.rows, c.contacts = append(c.rows, r.Row), append(c.contacts, contact)
	c.numbers, c.countries, c.names = append(c.numbers, r.Number), append(c.countries, r.Country), append(c.names, r.Name)
	c.fields, c.wrong = append(c.fields, string(fields)), append(c.wrong, r.Problem)
}

// readRows reads the rows and writes them in chunks, one being written while the next is read.
func (s *Service) readRows(ctx context.Context, tenant, id models.ID, sheet *Sheet, h head, country string) error {
	chunks := make(chan *staged)
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error {
		for c := range chunks {
			var refused int
			for _, w := range c.wrong {
				if w != "" {
					refused++
				}
			}
			_, err := s.store.Note(ctx, tenant, `WITH written AS (INSERT INTO contact_import_rows (tenant_id, import_id, row, contact, number, country, name, fields, problem)
				SELECT $1, $2, r.row, r.contact, r.number, nullif(r.country, ''), r.name, CASE r.fields WHEN 'null' THEN '{}' ELSE r.fields END::jsonb, r.problem
				FROM unnest($3::bigint[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[]) r (row, contact, number, country, name, fields, problem))
				UPDATE contact_imports SET rows = rows + $10, refused = refused + $11 WHERE tenant_id = $1 AND id = $2`,
				id, c.rows, c.contacts, c.numbers, c.countries, c.names, c.fields, c.wrong, len(c.rows), refused)
			if err != nil {
				return err
			}
		}
		return nil
	})
	work.Go(func() error {
		defer close(chunks)
		c, read := &staged{}, 0
		send := func() error {
			select {
			case chunks <- c:
				c = &staged{}
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		for {
			row, err := sheet.Next()
			if errors.Is(err, io.EOF) && len(c.rows) > 0 {
				return send()
			}
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if row.Blank() {
				continue
			}
			if read++; read > mostRows {
				return models.ErrCheckFields.At("file", "This file has more than two million rows. Split it.")
			}
			c.add(h.row(row, country))
			if len(c.rows) == chunk {
				if err := send(); err != nil {
					return err
				}
			}
		}
	})
	return work.Wait()
}

type importRow struct {
	ID, GroupID, AccountID   models.ID
	FileName, Columns        string
	NumberColumn, NameColumn int
	Status                   models.ImportStatus
	Rows, Refused, LastRow   int64
	Applied, Fresh, Joined   int64
	CreatedAt                time.Time
	EndedAt                  *time.Time
}

func (r importRow) contactImport() models.ContactImport {
	i := models.ContactImport{ID: r.ID, Group: r.GroupID, FileName: r.FileName, NumberColumn: r.NumberColumn, NameColumn: r.NameColumn, Status: r.Status,
		Rows: r.Rows, Refused: r.Refused, Applied: r.Applied, Fresh: r.Fresh, Joined: r.Joined, CreatedAt: r.CreatedAt, EndedAt: r.EndedAt}
	_ = json.Unmarshal([]byte(r.Columns), &i.Columns) // the database wrote it
	return i
}

const selectImports = `SELECT id, group_id, account_id, file_name, to_json(columns)::text AS columns, number_column, name_column, status, rows, refused, last_row,
	applied, fresh, joined, created_at, ended_at FROM contact_imports WHERE tenant_id = ? AND `

func importOf(tx *store.Tx, group, id models.ID, lock string) (importRow, error) {
	var rows []importRow
	err := tx.Raw(selectImports+`group_id = ? AND id = ? `+lock, tx.Actor.Tenant, group, id).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return importRow{}, orMissing(err, ErrNoSuchImport)
	}
	return rows[0], nil
}

// Import returns a file of contacts with its first rows. For: whoever views the audience. Refuses: missing privilege; no such group or import.
func (s *Service) Import(ctx context.Context, actor models.Actor, group, id models.ID) (g models.ShownGroup, found models.ContactImport, rows []models.ImportRow, err error) {
	if err := actor.Require(models.ViewAudience); err != nil {
		return g, found, nil, err
	}
	err = s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) (err error) {
		if g, err = groupSeen(tx, group); err != nil {
			return err
		}
		r, err := importOf(tx, group, id, "")
		if err != nil {
			return err
		}
		found = r.contactImport()
		return eachImportRow(ctx, tx, id, ` ORDER BY row LIMIT `+strconv.Itoa(shownRows), func(r models.ImportRow) error {
			rows = append(rows, r)
			return nil
		})
	})
	return g, found, rows, err
}

// Imports returns the latest files of a group, newest first. For: as Import.
func (s *Service) Imports(ctx context.Context, actor models.Actor, group models.ID) ([]models.ContactImport, error) {
	if err := actor.Require(models.ViewAudience); err != nil {
		return nil, err
	}
	var found []models.ContactImport
	err := s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		if _, err := groupSeen(tx, group); err != nil {
			return err
		}
		var rows []importRow
		err := tx.Raw(selectImports+`group_id = ? ORDER BY id DESC LIMIT 10`, actor.Tenant, group).Scan(&rows).Error
		for _, r := range rows {
			found = append(found, r.contactImport())
		}
		return err
	})
	return found, err
}

// ExportRefused hands every refused row of a file to each, in order. It streams. For: as Import.
func (s *Service) ExportRefused(ctx context.Context, actor models.Actor, group, id models.ID, each func(models.ImportRow) error) error {
	if err := actor.Require(models.ViewAudience); err != nil {
		return err
	}
	return s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		if _, err := groupSeen(tx, group); err != nil {
			return err
		}
		if _, err := importOf(tx, group, id, ""); err != nil {
			return err
		}
		return eachImportRow(ctx, tx, id, ` AND problem <> '' ORDER BY row`, each)
	})
}

func eachImportRow(ctx context.Context, tx *store.Tx, id models.ID, which string, each func(models.ImportRow) error) error {
	return tx.Rows(ctx, func(rows pgx.Rows) error {
		for rows.Next() {
			var r models.ImportRow
			var fields string
			if err := rows.Scan(&r.Row, &r.Number, &r.Country, &r.Name, &fields, &r.Problem); err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(fields), &r.Fields); err != nil {
				return err
			}
			if err := each(r); err != nil {
				return err
			}
		}
		return nil
	}, `SELECT row, number, coalesce(country, ''), name, fields::text, problem FROM contact_import_rows WHERE tenant_id = $1 AND import_id = $2`+which, tx.Actor.Tenant, id)
}

// RunImport is the job that puts the rows of a file into its group.
type RunImport struct {
	Tenant models.ID `json:"tenant"`
	Group  models.ID `json:"group"`
	Import models.ID `json:"import"`
}

// StartImport has the good rows of a file put into its group in the background; the file's other columns become fields of the
// group. For: as ReadImport. Refuses: missing privilege; no such group or import; a group of others; a file that was started, was not
// read to its end, or has no good row; more fields than a group can have.
func (s *Service) StartImport(ctx context.Context, actor models.Actor, group, id models.ID) error {
	if err := actor.Require(models.ManageAudience); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		g, err := lockGroup(tx, group)
		if err != nil {
			return models.Event{}, err
		}
		r, err := importOf(tx, group, id, "FOR UPDATE")
		switch found := r.contactImport(); {
		case err != nil:
			return models.Event{}, err
		case found.Status == models.ImportReading:
			return models.Event{}, ErrBrokenOff
		case found.Status != models.ImportReady:
			return models.Event{}, ErrImportStarted
		case found.Good() == 0:
			return models.Event{}, ErrNothingToImport
		}
		fields, err := withFields(g.Fields, r.contactImport())
		if err != nil {
			return models.Event{}, err
		}
		tx.Queue(`UPDATE groups SET fields = $3, version = version + 1 WHERE tenant_id = $1 AND id = $2`, actor.Tenant, group, fields)
		tx.Queue(`UPDATE contact_imports SET status = 'running', started_at = $3 WHERE tenant_id = $1 AND id = $2`, actor.Tenant, id, tx.Now)
		return models.Event{Action: models.ImportStarted, Account: g.Account, Subject: id, Details: map[string]string{"group": g.Name, "file": r.FileName,
			"rows": strconv.FormatInt(r.contactImport().Good(), 10)}}, tx.Enqueue(ctx, RunImport{Tenant: actor.Tenant, Group: group, Import: id}, nil)
	})
	return err
}

// withFields are a group's fields and those that a file adds.
func withFields(has []string, i models.ContactImport) ([]string, error) {
	h, err := readHead(Row{Cells: i.Columns}, "")
	if err != nil {
		return nil, err
	}
	fields := append([]string{}, has...)
	for _, name := range h.fieldNames() {
		if !slices.ContainsFunc(fields, func(f string) bool { return strings.EqualFold(f, name) }) {
			fields = append(fields, name)
		}
	}
	if len(fields) > mostFields {
		return nil, models.ErrCheckFields.Saying("With this file the group would have more than 20 fields. Leave columns out, or import it into another group.")
	}
	return fields, nil
}

// Run puts the rows of a file into its group, some thousands a transaction, and may be called again at any time: it goes on behind
// the last that was committed. Of several rows of one number the last counts; a contact that is there keeps what the file does not
// say. For: the job RunImport.
func (s *Service) Run(ctx context.Context, job RunImport) error {
	for {
		more, err := s.runChunk(ctx, job)
		if err != nil || !more {
			return err
		}
	}
}

func (s *Service) runChunk(ctx context.Context, job RunImport) (more bool, err error) {
	err = s.store.Settle(ctx, job.Tenant, func(ctx context.Context, tx *store.Tx) error {
		more = false
		g, err := holdGroup(tx, job.Group)
		gone := errors.Is(err, ErrNoSuchGroup)
		if err != nil && !gone {
			return err
		}
		r, err := importOf(tx, job.Group, job.Import, "FOR UPDATE")
		if errors.Is(err, ErrNoSuchImport) || err == nil && r.Status != models.ImportRunning {
			return nil
		}
		if err != nil {
			return err
		}
		if gone {
			tx.Queue(`UPDATE contact_imports SET status = 'stopped', ended_at = $3 WHERE tenant_id = $1 AND id = $2`, job.Tenant, job.Import, tx.Now)
			return nil
		}
		var done struct{ Rows, LastRow, Fresh, Joined int64 }
		// the rows of a number come in the order of the numbers, so that two files that run at once wait and do not deadlock
		err = tx.Raw(`WITH part AS MATERIALIZED (SELECT row, contact, number, country, name, fields FROM contact_import_rows
				WHERE tenant_id = ? AND import_id = ? AND row > ? AND problem = '' ORDER BY row LIMIT ?),
			last AS MATERIALIZED (SELECT DISTINCT ON (number) contact, number, country, name, fields FROM part ORDER BY number, row DESC),
			put AS (INSERT INTO contacts (tenant_id, id, account_id, number, country, name, fields, created_at)
				SELECT ?::uuid, contact, ?::uuid, number, country, name, fields, ?::timestamptz FROM last ORDER BY number
				ON CONFLICT (tenant_id, account_id, number) DO UPDATE SET version = contacts.version + 1, country = excluded.country,
					name = CASE excluded.name WHEN '' THEN contacts.name ELSE excluded.name END, fields = contacts.fields || excluded.fields
				RETURNING id),
			joined AS (INSERT INTO group_members (tenant_id, group_id, contact_id) SELECT ?::uuid, ?::uuid, id FROM put ORDER BY id
				ON CONFLICT DO NOTHING RETURNING 1)
			SELECT (SELECT count(*) FROM part) AS rows, (SELECT coalesce(max(row), 0) FROM part) AS last_row,
				(SELECT count(*) FILTER (WHERE id IN (SELECT contact FROM last)) FROM put) AS fresh, (SELECT count(*) FROM joined) AS joined`,
			job.Tenant, job.Import, r.LastRow, chunk, job.Tenant, g.Account, tx.Now, job.Tenant, g.ID).Scan(&done).Error
		if err != nil {
			return err
		}
		if done.Rows == 0 {
			tx.Queue(`UPDATE contact_imports SET status = 'done', ended_at = $3 WHERE tenant_id = $1 AND id = $2`, job.Tenant, job.Import, tx.Now)
			return tx.Log(models.Event{Action: models.ContactsImported, Account: g.Account, Subject: job.Import, Details: map[string]string{"group": g.Name,
				"file": r.FileName, "rows": strconv.FormatInt(r.Applied, 10), "new": strconv.FormatInt(r.Joined, 10)}})
		}
		more = true
		tx.Queue(`UPDATE groups SET members = members + $3 WHERE tenant_id = $1 AND id = $2`, job.Tenant, g.ID, done.Joined)
		tx.Queue(`UPDATE contact_imports SET last_row = $3, applied = applied + $4, fresh = fresh + $5, joined = joined + $6 WHERE tenant_id = $1 AND id = $2`,
			job.Tenant, job.Import, done.LastRow, done.Rows, done.Fresh, done.Joined)
		return nil
	})
	return more, err
}

// ImportsKept is how long the refused rows of a file can be downloaded; UnstartedKept, how long a file that nobody started waits.
const (
	ImportsKept   = 30 * 24 * time.Hour
	UnstartedKept = 24 * time.Hour
)

// SweepImports removes the files that nobody needs any more, in all tenants, and the rows that became contacts, and
// returns how many files. For: a periodic job.
func (s *Service) SweepImports(ctx context.Context) (int64, error) {
	now := s.store.Now()
	var old, used []struct{ TenantID, ID models.ID }
	err := s.store.Survey(ctx, models.System(models.NoID), func(ctx context.Context, tx *store.Tx) error {
		err := tx.Raw(`SELECT tenant_id, id FROM contact_imports WHERE created_at < ? OR created_at < ? AND status IN ('reading', 'ready')
			ORDER BY created_at LIMIT 1000`, now.Add(-ImportsKept), now.Add(-UnstartedKept)).Scan(&old).Error
		if err != nil {
			return err
		}
		return tx.Raw(`SELECT i.tenant_id, i.id FROM contact_imports i WHERE i.status IN ('done', 'stopped') AND EXISTS (SELECT FROM contact_import_rows r
			WHERE r.tenant_id = i.tenant_id AND r.import_id = i.id AND r.problem = '') LIMIT 1000`).Scan(&used).Error
	})
	if err != nil {
		return 0, err
	}
	for _, i := range used {
		if err := s.dropRows(ctx, i.TenantID, i.ID, ` AND problem = ''`); err != nil {
			return 0, err
		}
	}
	for n, i := range old {
		if err := s.drop(ctx, i.TenantID, i.ID); err != nil {
			return int64(n), err
		}
	}
	return int64(len(old)), nil
}

func (s *Service) drop(ctx context.Context, tenant, id models.ID) error {
	if err := s.dropRows(ctx, tenant, id, ""); err != nil {
		return err
	}
	_, err := s.store.Note(ctx, tenant, `DELETE FROM contact_imports WHERE tenant_id = $1 AND id = $2`, id)
	return err
}

func (s *Service) dropRows(ctx context.Context, tenant, id models.ID, which string) error {
	for removed := int64(chunk); removed == chunk; {
		var err error
		removed, err = s.store.Note(ctx, tenant, `DELETE FROM contact_import_rows WHERE tenant_id = $1 AND import_id = $2 AND row = ANY (ARRAY(
			SELECT row FROM contact_import_rows WHERE tenant_id = $1 AND import_id = $2`+which+` ORDER BY row LIMIT $3))`, id, chunk)
		if err != nil {
			return err
		}
	}
	return nil
}
