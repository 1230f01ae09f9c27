package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"offshoot/models"
	"offshoot/services/notify"
	"offshoot/services/proof"
	"offshoot/services/store"
)

// Exit statuses of verify.
const (
	statusFaults    = 1
	statusUnchecked = 2
)

// exit is an error with a status of its own.
type exit struct {
	status int
	error
}

func (e exit) Unwrap() error { return e.error }

// verifyOrder is what verify is told.
type verifyOrder struct {
	tenants []string
	json    bool
	quiet   bool
	freeze  bool
}

func verifyCommand() *cobra.Command {
	var o verifyOrder
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check that all money and units are right",
		Long: `Verify checks the books of every parent account, each in one snapshot of the database: that entries sum to zero and balances
are what their entries say, that units are conserved, that every movement stands in the action log, that nothing is paid
twice or by nobody, and what else must hold. It prints what it looked at and how much, and names what is wrong.

It may run beside the portal, offshoot run too, on a copy of the database that is kept for reading, and on one that was
restored. It changes nothing, not even the schema. With --freeze it also keeps what it found, as the check that offshoot
work makes every night does: money of an account whose books have a fault stands still until staff unfreeze it.

It ends with 0 when all is right, with 1 when there is a fault, and with 2 when it could not check.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := loadConfig(cmd)
			if err == nil {
				err = cobra.NoArgs(cmd, args)
			}
			if err == nil && (o.json && o.quiet || o.freeze && cmd.Flags().Changed("no-freeze")) {
				err = errors.New("--json and --quiet do not go together, nor do --freeze and --no-freeze")
			}
			if err == nil {
				err = c.check()
			}
			if err == nil {
				err = verify(cmd.Context(), c, o, cmd.OutOrStdout(), newLog(cmd.ErrOrStderr(), slog.LevelWarn))
			}
			var has exit
			if err != nil && !errors.As(err, &has) {
				err = exit{statusUnchecked, err}
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&o.tenants, "tenant", nil, "check this parent account alone: its id or its name (may be given several times)")
	flags.BoolVar(&o.json, "json", false, "print one JSON object a line: one for each account, and one for all")
	flags.BoolVar(&o.quiet, "quiet", false, "print nothing but what is wrong")
	flags.BoolVar(&o.freeze, "freeze", false, "keep what is found, and freeze the money of accounts whose books have a fault")
	flags.Bool("no-freeze", true, "change nothing (the default)")
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return exit{statusUnchecked, err} })
	return cmd
}

// verify checks tenant by tenant and prints each as it is done, so that no more than one is ever in memory.
func verify(ctx context.Context, c config, o verifyOrder, out io.Writer, log *slog.Logger) error {
	dsn, done, err := bookReader(ctx, c, log)
	if err != nil {
		return err
	}
	defer done()
	st, err := store.Open(ctx, dsn, clock())
	if err != nil {
		return err
	}
	defer st.Close()
	if err := st.Current(ctx); err != nil {
		return err
	}
	tenants, err := tenantsToVerify(ctx, st, o.tenants)
	if err != nil {
		return err
	}
	books := proof.New(st, notify.Installation{Name: c.Name, PublicURL: c.PublicURL})
	p := newVerified(o, out)
	for _, t := range tenants {
		var r proof.Report
		froze := false
		if o.freeze {
			r, froze, err = books.CheckWhole(ctx, t.id)
		} else {
			r, err = books.Verify(ctx, t.id)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		p.add(t, r, froze)
	}
	return p.end()
}

// bookReader is the database as it is: the one that DATABASE_URL names, whatever its role, or the private one, also while
// another program runs it.
func bookReader(ctx context.Context, c config, log *slog.Logger) (dsn string, done func(), err error) {
	if c.DatabaseURL != "" {
		return c.DatabaseURL, func() {}, nil
	}
	db, err := maintain(ctx, c, log, true)
	if err != nil {
		return "", nil, err
	}
	return db.reader, db.close, nil
}

// tenant is whose books are checked.
type tenant struct {
	id   models.ID
	name string
}

// tenantsToVerify are those that were named, or all that anything in the books belongs to: an account that is gone too.
func tenantsToVerify(ctx context.Context, st *store.Store, named []string) (tenants []tenant, err error) {
	err = st.Survey(ctx, models.System(models.NoID), func(ctx context.Context, tx *store.Tx) error {
		for _, table := range []string{"accounts", "wallets", "transfers", "entries", "charges", "action_log", "messages"} {
			// from one tenant to the next, by the index, past all rows between
			err := tx.Rows(ctx, func(rows pgx.Rows) error {
				var t tenant
				_, err := pgx.ForEachRow(rows, []any{&t.id, &t.name}, func() error { tenants = append(tenants, t); return nil })
				return err
			}, fmt.Sprintf(`WITH RECURSIVE t (id) AS ((SELECT tenant_id FROM %[1]s ORDER BY tenant_id LIMIT 1)
				UNION ALL SELECT (SELECT x.tenant_id FROM %[1]s x WHERE x.tenant_id > t.id ORDER BY x.tenant_id LIMIT 1) FROM t WHERE t.id IS NOT NULL)
				SELECT t.id, coalesce(a.name, 'an account that is gone') FROM t LEFT JOIN accounts a ON a.tenant_id = t.id AND a.id = t.id
				WHERE t.id IS NOT NULL ORDER BY t.id`, table))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	seen, wanted := map[models.ID]bool{}, map[string]bool{}
	for _, name := range named {
		wanted[name] = true
	}
	var chosen []tenant
	found := map[string]bool{}
	for _, t := range tenants {
		if seen[t.id] || len(named) > 0 && !wanted[t.id.String()] && !wanted[t.name] {
			continue
		}
		seen[t.id], found[t.id.String()], found[t.name] = true, true, true
		chosen = append(chosen, t)
	}
	for _, name := range named {
		if !found[name] {
			return nil, fmt.Errorf("there is no parent account %q: name it by its id, or exactly as it is called", name)
		}
	}
	return chosen, nil
}

// verified prints what was checked.
type verified struct {
	verifyOrder
	out     io.Writer
	began   time.Time
	tenants int
	faulty  int
	frozen  int
	rules   map[string]*proof.Looked
}

func newVerified(o verifyOrder, out io.Writer) *verified {
	p := &verified{verifyOrder: o, out: out, began: time.Now(), rules: map[string]*proof.Looked{}}
	for _, r := range proof.Rules() {
		p.rules[r.Key] = &proof.Looked{Rule: r}
	}
	return p
}

func (p *verified) add(t tenant, r proof.Report, froze bool) {
	p.tenants++
	var faults int64
	for _, l := range r.Looked {
		p.rules[l.Rule.Key].Rows += l.Rows
		p.rules[l.Rule.Key].Faults += l.Faults
		faults += l.Faults
	}
	if faults > 0 {
		p.faulty++
	}
	if froze {
		p.frozen++
	}
	if p.json {
		p.object(map[string]any{"tenant": t.id, "name": t.name, "frozen_now": froze}, r.Rows(), faults, r.Looked, r.Took)
		return
	}
	if !p.quiet || faults > 0 {
		fmt.Fprintf(p.out, "%s (%s): %s rows held to rules, %s, %s\n", t.name, t.id, counted(r.Rows()), faultsText(faults), r.Took.Round(time.Millisecond))
	}
	for _, l := range r.Broken() {
		fmt.Fprintf(p.out, "  %s\n    %s\n", l, l.Rule.Means)
	}
	if froze {
		fmt.Fprintln(p.out, "  Its money is frozen now.")
	}
}

// end prints the rules and what there was of all tenants together.
func (p *verified) end() error {
	var rows, faults int64
	var looked []proof.Looked
	for _, rule := range proof.Rules() {
		l := p.rules[rule.Key]
		rows, faults = rows+l.Rows, faults+l.Faults
		looked = append(looked, *l)
	}
	took := time.Since(p.began)
	switch {
	case p.json:
		p.object(map[string]any{"tenants": p.tenants, "faulty": p.faulty, "frozen_now": p.frozen}, rows, faults, looked, took)
	case !p.quiet:
		table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(table, "\nrows\tfaults\t  rule")
		for _, l := range looked {
			fmt.Fprintf(table, "%s\t%s\t  %s\n", counted(l.Rows), counted(l.Faults), l.Rule.Says)
		}
		_ = table.Flush()
		fmt.Fprintf(p.out, "\n%d accounts with their sub-accounts, %s rows held to rules in %s: %s.\n", p.tenants, counted(rows), took.Round(time.Millisecond), faultsText(faults))
	}
	if faults > 0 {
		return exit{statusFaults, fmt.Errorf("the books of %d of %d accounts are not right", p.faulty, p.tenants)}
	}
	return nil
}

// object prints one line of JSON.
func (p *verified) object(of map[string]any, rows, faults int64, looked []proof.Looked, took time.Duration) {
	type rule struct {
		Rule     string   `json:"rule"`
		Says     string   `json:"says"`
		Rows     int64    `json:"rows"`
		Faults   int64    `json:"faults"`
		Examples []string `json:"examples,omitempty"`
	}
	rules := make([]rule, 0, len(looked))
	for _, l := range looked {
		rules = append(rules, rule{l.Rule.Key, l.Rule.Says, l.Rows, l.Faults, l.Examples})
	}
	of["rows"], of["faults"], of["rules"], of["seconds"] = rows, faults, rules, took.Seconds()
	_ = json.NewEncoder(p.out).Encode(of)
}

func faultsText(n int64) string {
	switch n {
	case 0:
		return "no fault"
	case 1:
		return "1 fault"
	}
	return counted(n) + " faults"
}

// counted is a number with its thousands apart.
func counted(n int64) string {
	text := strconv.FormatInt(n, 10)
	var groups []string
	for len(text) > 3 {
		groups = append([]string{text[len(text)-3:]}, groups...)
		text = text[:len(text)-3]
	}
	return strings.Join(append([]string{text}, groups...), ",")
}
