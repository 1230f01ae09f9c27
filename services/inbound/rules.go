package inbound

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"offshoot/models"
	"offshoot/services/messaging"
	"offshoot/services/store"
)

const (
	mostRules      = 500
	longestKeyword = 60
)

type ruleRow struct {
	ID                                       models.ID
	Number, Kind, Keyword, KeywordKey, Reply string
	Paused                                   bool
	Version                                  int
}

func (r ruleRow) rule() rule {
	return rule{models.ReplyRule{ID: r.ID, Number: r.Number, Kind: models.RuleKind(r.Kind), Keyword: r.Keyword, Reply: r.Reply, Paused: r.Paused, Version: r.Version}, r.KeywordKey}
}

// rulesOf are the rules of an account in their order.
func rulesOf(tx *store.Tx, account models.ID) ([]rule, error) {
	var rows []ruleRow
	err := tx.Raw(`SELECT id, number, kind, keyword, keyword_key, reply, paused, version FROM reply_rules WHERE tenant_id = ? AND account_id = ?
		ORDER BY position, id`, tx.Actor.Tenant, account).Scan(&rows).Error
	var rules []rule
	for _, r := range rows {
		rules = append(rules, r.rule())
	}
	return rules, err
}

// lockRules is rulesOf, and nobody else changes the account's rules until the transaction ends.
func lockRules(tx *store.Tx, account models.ID) ([]rule, error) {
	if err := tx.Exec(`SELECT FROM accounts WHERE tenant_id = ? AND id = ? FOR NO KEY UPDATE`, tx.Actor.Tenant, account).Error; err != nil {
		return nil, err
	}
	return rulesOf(tx, account)
}

// Rules returns the actor's account's rules in their order, and its numbers.
// For: whoever views interactive messages. Refuses: missing privilege.
func (s *Service) Rules(ctx context.Context, actor models.Actor) (rules []models.ReplyRule, numbers []string, err error) {
	if err := actor.Require(models.ViewInteractive); err != nil {
		return nil, nil, err
	}
	err = s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		found, err := rulesOf(tx, actor.Account)
		if err != nil {
			return err
		}
		rules = nil
		for _, r := range found {
			rules = append(rules, r.ReplyRule)
		}
		numbers, err = numbersOf(tx, actor.Account)
		return err
	})
	return rules, numbers, err
}

func numbersOf(tx *store.Tx, account models.ID) (numbers []string, err error) {
	err = tx.Raw(`SELECT number FROM inbound_numbers WHERE tenant_id = ? AND account_id = ? ORDER BY number LIMIT 1000`, tx.Actor.Tenant, account).Scan(&numbers).Error
	return numbers, err
}

// Try says what would become of a text that somebody who is not opted out wrote to a number of the actor's account now.
// For: as Rules. Refuses: missing privilege.
func (s *Service) Try(ctx context.Context, actor models.Actor, number, text string) (v models.ReplyVerdict, err error) {
	if err := actor.Require(models.ViewInteractive); err != nil {
		return v, err
	}
	err = s.store.Read(ctx, actor, func(ctx context.Context, tx *store.Tx) error {
		var name string
		if err := tx.Raw(`SELECT name FROM accounts WHERE tenant_id = ? AND id = ?`, actor.Tenant, actor.Account).Row().Scan(&name); err != nil {
			return err
		}
		rules, err := rulesOf(tx, actor.Account)
		v = verdict(name, number, plain(text, longestBody), false, rules)
		return err
	})
	return v, err
}

// RuleOrder is what the form of a rule asks.
type RuleOrder struct {
	Number  string // one of the account's; "": any
	Kind    models.RuleKind
	Keyword string
	Reply   string
	Version int    // of the rule that the form was made from
	Key     string // one-time key of a new rule's form
}

func (o *RuleOrder) check(tx *store.Tx) (key string, err error) {
	var p models.Problems
	numbers, err := numbersOf(tx, tx.Actor.Account)
	if err != nil {
		return "", err
	}
	if o.Number != "" && !slices.Contains(numbers, o.Number) {
		p.Add("number", "Choose one of your numbers.")
	}
	if !slices.Contains(models.RuleKinds, o.Kind) {
		p.Add("kind", "Choose when it answers.")
	}
	if o.Kind == models.DefaultRule {
		o.Keyword = ""
	} else {
		o.Keyword = strings.Join(strings.Fields(o.Keyword), " ")
		key = keyOf(o.Keyword)
		switch {
		case o.Keyword == "":
			p.Add("keyword", "Enter a keyword.")
		case !utf8.ValidString(o.Keyword) || strings.ContainsFunc(o.Keyword, unicode.IsControl):
			p.Add("keyword", "Leave out characters that cannot be seen.")
		case utf8.RuneCountInString(o.Keyword) > longestKeyword:
			p.Add("keyword", "Keep the keyword under 60 characters.")
		case key == "":
			p.Add("keyword", "Use at least one letter or digit.")
		case o.Kind == models.ExactRule && wishOf(o.Keyword, false) != models.InboundNone:
			p.Add("keyword", "This word is taken care of already: it opts out or asks for help, before every keyword.")
		}
	}
	o.Reply = strings.TrimSpace(strings.ReplaceAll(o.Reply, "\r\n", "\n"))
	if o.Reply == "" {
		p.Add("reply", "Enter what is answered.")
	} else if _, err := messaging.Measure(messaging.Tidy(o.Reply)); err != nil {
		p.Add("reply", sentence(err))
	}
	return key, p.Err()
}

// sentence is what a refusal says at its field, or as a whole.
func sentence(err error) string {
	var rule *models.Error
	if !errors.As(err, &rule) {
		return "This text cannot be sent."
	}
	for _, said := range rule.Fields {
		return said
	}
	return rule.Message
}

// AddRule adds a keyword or a rule behind the others. For: whoever manages interactive messages.
// Refuses: missing privilege; what is wrong; too many rules.
func (s *Service) AddRule(ctx context.Context, actor models.Actor, o RuleOrder) error {
	if err := actor.Require(models.InteractiveMessages); err != nil {
		return err
	}
	once := o.Key
	o.Key = ""
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		o := o
		rules, err := lockRules(tx, actor.Account)
		if err != nil {
			return models.Event{}, err
		}
		key, err := o.check(tx)
		switch {
		case err != nil:
			return models.Event{}, err
		case len(rules) >= mostRules:
			return models.Event{}, ErrTooManyRules
		}
		id := models.NewIDAt(tx.Now)
		return ruleEvent(models.RuleAdded, actor, id, o.Kind, o.Keyword), tx.Exec(`INSERT INTO reply_rules (tenant_id, id, account_id, number, kind, keyword, keyword_key,
			reply, position, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(position), 0) + 1 FROM reply_rules WHERE tenant_id = ? AND account_id = ?), ?)`,
			actor.Tenant, id, actor.Account, o.Number, o.Kind, o.Keyword, key, o.Reply, actor.Tenant, actor.Account, tx.Now).Error
	}, store.Once(once, o))
	return err
}

func ruleEvent(action models.Action, actor models.Actor, id models.ID, kind models.RuleKind, keyword string) models.Event {
	return models.Event{Action: action, Account: actor.Account, Subject: id, Details: map[string]string{"kind": kind.Label(), "keyword": keyword}}
}

// onRule changes one rule of the actor's account.
func (s *Service) onRule(ctx context.Context, actor models.Actor, id models.ID, do func(tx *store.Tx, r models.ReplyRule, rules []rule) (models.Event, error)) error {
	if err := actor.Require(models.InteractiveMessages); err != nil {
		return err
	}
	_, err := s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		rules, err := lockRules(tx, actor.Account)
		if err != nil {
			return models.Event{}, err
		}
		at := slices.IndexFunc(rules, func(r rule) bool { return r.ID == id })
		if at < 0 {
			return models.Event{}, ErrNoSuchRule
		}
		return do(tx, rules[at].ReplyRule, rules)
	})
	return err
}

// ChangeRule changes a rule. For: as AddRule. Refuses: missing privilege; no such rule; a stale form; what is wrong.
func (s *Service) ChangeRule(ctx context.Context, actor models.Actor, id models.ID, o RuleOrder) error {
	return s.onRule(ctx, actor, id, func(tx *store.Tx, r models.ReplyRule, _ []rule) (models.Event, error) {
		if r.Version != o.Version {
			return models.Event{}, ErrStale
		}
		o := o
		key, err := o.check(tx)
		if err != nil {
			return models.Event{}, err
		}
		return ruleEvent(models.RuleChanged, actor, id, o.Kind, o.Keyword), tx.Exec(`UPDATE reply_rules SET number = ?, kind = ?, keyword = ?, keyword_key = ?, reply = ?,
			version = version + 1 WHERE tenant_id = ? AND id = ?`, o.Number, o.Kind, o.Keyword, key, o.Reply, actor.Tenant, id).Error
	})
}

// PauseRule has a rule answer nothing until it is resumed, or resumes it. For: as AddRule. Refuses: missing privilege; no such rule.
func (s *Service) PauseRule(ctx context.Context, actor models.Actor, id models.ID, paused bool) error {
	return s.onRule(ctx, actor, id, func(tx *store.Tx, r models.ReplyRule, _ []rule) (models.Event, error) {
		event := ruleEvent(models.RuleChanged, actor, id, r.Kind, r.Keyword)
		event.Details["state"] = map[bool]string{true: "paused", false: "active"}[paused]
		return event, tx.Exec(`UPDATE reply_rules SET paused = ?, version = version + 1 WHERE tenant_id = ? AND id = ?`, paused, actor.Tenant, id).Error
	})
}

// MoveRule moves a rule one place up (-1) or down (1); at an end it stays. For: as AddRule. Refuses: missing privilege; no such rule.
func (s *Service) MoveRule(ctx context.Context, actor models.Actor, id models.ID, by int) error {
	return s.onRule(ctx, actor, id, func(tx *store.Tx, r models.ReplyRule, rules []rule) (models.Event, error) {
		at := slices.IndexFunc(rules, func(r rule) bool { return r.ID == id })
		if to := at + by; to >= 0 && to < len(rules) {
			rules[at], rules[to] = rules[to], rules[at]
		}
		var ids []models.ID
		for _, r := range rules {
			ids = append(ids, r.ID)
		}
		tx.Queue(`UPDATE reply_rules r SET position = o.position FROM unnest($2::uuid[]) WITH ORDINALITY o (id, position)
			WHERE r.tenant_id = $1 AND r.id = o.id AND r.position <> o.position`, actor.Tenant, ids)
		event := ruleEvent(models.RuleChanged, actor, id, r.Kind, r.Keyword)
		event.Details["state"] = "another place"
		return event, nil
	})
}

// DeleteRule deletes a rule. For: as AddRule. Refuses: missing privilege; no such rule.
func (s *Service) DeleteRule(ctx context.Context, actor models.Actor, id models.ID) error {
	return s.onRule(ctx, actor, id, func(tx *store.Tx, r models.ReplyRule, _ []rule) (models.Event, error) {
		return ruleEvent(models.RuleDeleted, actor, id, r.Kind, r.Keyword), tx.Exec(`DELETE FROM reply_rules WHERE tenant_id = ? AND id = ?`, actor.Tenant, id).Error
	})
}
