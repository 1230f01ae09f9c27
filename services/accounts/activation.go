package accounts

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/services/notify"
	"offshoot/services/store"
)

// The refusals of activation.
var (
	ErrWrongCode = &models.Error{Kind: models.Invalid, Code: "wrong_code",
		Message: "This is not the code that we sent."}
	ErrCodeExpired = &models.Error{Kind: models.Conflict, Code: "code_expired",
		Message: "This code has expired. Ask for a new one."}
	ErrCodeSpent = &models.Error{Kind: models.Conflict, Code: "code_spent",
		Message: "This code was tried too often. Ask for a new one."}
	ErrTooManyCodes = &models.Error{Kind: models.Conflict, Code: "too_many_codes",
		Message: "No more codes can be sent. Ask the person who manages your account to send the activation again."}
	ErrCodePause = &models.Error{Kind: models.Conflict, Code: "code_pause",
		Message: "A code was sent just now. Wait half a minute before you ask for another."}
	ErrLinkExpired = &models.Error{Kind: models.NotFound, Code: "link_expired",
		Message: "This link has expired or was used. Ask the person who manages your account to send the activation again."}
	ErrCodeFirst = &models.Error{Kind: models.Conflict, Code: "code_first",
		Message: "Enter the code from the text message first."}
)

// proof is what a new activation hands to the person, made before the transaction because a password hash takes its time.
type proof struct {
	method       models.ActivationMethod
	password     string
	passwordHash string
	linkSecret   []byte
	operator     string // its name, where the account is a parent
}

func (s *Service) newProof(ctx context.Context, m models.ActivationMethod) (proof, error) {
	if m == models.ByLink {
		secret := make([]byte, 32)
		_, _ = rand.Read(secret)
		return proof{method: m, linkSecret: secret}, nil
	}
	password := identity.OneTimePassword()
	hash, err := s.people.HashPassword(ctx, password)
	return proof{method: models.ByPassword, password: password, passwordHash: hash}, err
}

// newParentProof is newProof for a parent account, which is opened by the operator: another tenant, whose name the
// transaction in the parent's books cannot read.
func (s *Service) newParentProof(ctx context.Context, m models.ActivationMethod) (proof, error) {
	p, err := s.newProof(ctx, m)
	if err != nil {
		return p, err
	}
	err = s.store.Survey(ctx, models.System(models.NoID), func(ctx context.Context, tx *store.Tx) error {
		return tx.Raw(`SELECT name FROM accounts WHERE kind = 'operator'`).Scan(&p.operator).Error
	})
	return p, err
}

// activation opens the one activation that an account has at a time, and sends the mail and the code.
func (s *Service) activation(ctx context.Context, tx *store.Tx, a models.Account, user models.ID, p proof) error {
	id, code := models.NewID(), newCode()
	expires := tx.Now.Add(ActivationTTL)
	openedBy, err := openerName(tx, a, p)
	if err != nil {
		return err
	}
	var linkHash []byte
	var mail notify.Message
	if p.method == models.ByLink {
		linkHash = digest(p.linkSecret)
		mail = notify.ActivationLink(s.installation, a, openedBy, s.linkURL(a.TenantID, p.linkSecret), expires)
	} else {
		mail = notify.ActivationPassword(s.installation, a, openedBy, s.installation.Link("/sign-in"), p.password, expires)
	}
	tx.Queue(`INSERT INTO activations (tenant_id, id, account_id, user_id, method, expires_at, link_hash, code_hash, code_expires_at, code_sent_at, created_at)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$10)`, a.TenantID, id, a.ID, user, string(p.method), expires, linkHash,
		codeHash(id, code), tx.Now.Add(CodeTTL), tx.Now)
	if err := notify.Mail(ctx, tx, mail); err != nil {
		return err
	}
	return s.text(ctx, tx, a, code)
}

func (s *Service) text(ctx context.Context, tx *store.Tx, a models.Account, code string) error {
	return notify.Text(ctx, tx, notify.ActivationCode(s.installation, a, code, CodeTTL))
}

func (s *Service) linkURL(tenant models.ID, secret []byte) string {
	return s.installation.Link("/activate/link") + "?token=" + base64.RawURLEncoding.EncodeToString(append(tenant[:], secret...))
}

// Resend sends a new activation mail and code to a sub-account that is Pending; the old ones die.
// For: a parent's Admins. Refuses: missing privilege; no such sub-account; one that is activated or deactivated; one sent
// too often.
func (s *Service) Resend(ctx context.Context, actor models.Actor, sub models.ID, method models.ActivationMethod) error {
	if err := actor.Require(models.ManageSubAccounts); err != nil {
		return err
	}
	return s.resend(ctx, actor, sub, method, s.newProof)
}

// ResendToParent is Resend for a parent account itself. For: staff who manage parents.
func (s *Service) ResendToParent(ctx context.Context, actor models.Actor, parent models.ID, method models.ActivationMethod) error {
	if err := actor.Require(models.ManageParents); err != nil {
		return err
	}
	return s.resend(ctx, actor.In(parent), parent, method, s.newParentProof)
}

func (s *Service) resend(ctx context.Context, actor models.Actor, account models.ID, method models.ActivationMethod,
	prove func(context.Context, models.ActivationMethod) (proof, error)) error {
	if method != models.ByPassword && method != models.ByLink {
		return models.ErrCheckFields.At("method", "Choose how the account signs in.")
	}
	proof, err := prove(ctx, method)
	if err != nil {
		return err
	}
	_, err = s.store.Change(ctx, actor, func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		a, err := lockAccount(tx, account)
		if err != nil {
			return models.Event{}, err
		}
		if a.Status != models.Pending {
			return models.Event{}, ErrNotPending
		}
		if err := mayResend(tx, account); err != nil {
			return models.Event{}, err
		}
		user, err := identity.OwnerOf(tx, account)
		if err != nil {
			return models.Event{}, err
		}
		tx.Queue(`UPDATE activations SET ended_at = $3 WHERE tenant_id = $1 AND account_id = $2 AND ended_at IS NULL`, tx.Actor.Tenant, account, tx.Now)
		identity.SetPassword(tx, user.ID, proof.passwordHash, true)
		return models.Event{Action: models.ActivationSent, Account: account}, s.activation(ctx, tx, a, user.ID, proof)
	})
	return err
}

// mayResend is the limit of what sends people mails and texts, a parent as well as a sub-account: one every half minute,
// ResendsADay a day. The first activation, which came with the account, is no resend.
func mayResend(tx *store.Tx, account models.ID) error {
	var sent struct {
		InAll, Lately int
		LastAt        *time.Time
	}
	err := tx.Raw(`SELECT count(*) AS in_all, count(*) FILTER (WHERE created_at > ?) AS lately, max(created_at) AS last_at FROM activations
		WHERE tenant_id = ? AND account_id = ?`, tx.Now.Add(-24*time.Hour), tx.Actor.Tenant, account).Scan(&sent).Error
	switch {
	case err != nil:
		return err
	case sent.Lately > ResendsADay:
		return ErrTooManyResends
	case sent.InAll > 1 && tx.Now.Before(sent.LastAt.Add(CodePause)):
		return ErrResendPause
	}
	return nil
}

// OpenLink starts a session of stage activation for whoever holds the link of a mail. It does not use the link up: a
// mail scanner that follows it has gained nothing without the code.
// For: anyone. Refuses with identity.ErrTooManyTries, then with ErrLinkExpired whatever is wrong with the link.
func (s *Service) OpenLink(ctx context.Context, token string, from identity.Origin) (identity.Token, error) {
	if err := s.people.AllowLink(ctx, from); err != nil {
		return "", err
	}
	tenant, secret, ok := parseLink(token)
	if !ok {
		return "", ErrLinkExpired
	}
	var session identity.Token
	_, err := s.store.Change(ctx, models.System(tenant), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		var row struct{ AccountID models.ID }
		err := tx.Raw(`SELECT v.account_id FROM activations v JOIN accounts a ON a.tenant_id = v.tenant_id AND a.id = v.account_id
			WHERE v.tenant_id = ? AND v.link_hash = ? AND v.ended_at IS NULL AND v.expires_at > ? AND a.status = 'pending'`,
			tenant, digest(secret), tx.Now).Scan(&row).Error
		if err != nil {
			return models.Event{}, err
		}
		if row.AccountID == models.NoID {
			return models.Event{}, ErrLinkExpired
		}
		user, err := identity.OwnerOf(tx, row.AccountID)
		if err != nil {
			return models.Event{}, err
		}
		session = identity.StartSession(tx, user, identity.StageActivation, from)
		return models.Event{Action: models.ActivationOpened, Account: row.AccountID}, nil
	})
	return session, err
}

func parseLink(token string) (tenant models.ID, secret []byte, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != 48 {
		return models.NoID, nil, false
	}
	copy(tenant[:], raw)
	return tenant, raw[16:], true
}

// ActivationOf returns how far the activation of the session's account is. For: a session of stage activation.
func (s *Service) ActivationOf(ctx context.Context, session identity.Session) (models.Activation, error) {
	var found models.Activation
	err := s.store.Read(ctx, models.System(session.Account.TenantID), func(ctx context.Context, tx *store.Tx) error {
		a, err := accountByID(tx, session.Account.ID)
		if err != nil {
			return err
		}
		v, err := openActivation(tx, session.Account.ID)
		found = models.Activation{Account: a, Mobile: hidden(a.Mobile), CodeAccepted: v.CodeAcceptedAt != nil}
		return err
	})
	return found, err
}

// EnterCode checks the code of the text message. Every try is counted, and the count survives a refusal.
// For: a session of stage activation. Refuses: no open activation; an expired code; one tried too often; a wrong one.
func (s *Service) EnterCode(ctx context.Context, session identity.Session, code string) error {
	code = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, code)
	var refused error
	_, err := s.store.Change(ctx, personal(session), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		refused = nil
		v, err := lockActivation(tx, session.Account.ID)
		if err != nil {
			return models.Event{}, err
		}
		accepted := models.Event{Action: models.CodeAccepted, Account: session.Account.ID}
		switch {
		case v.CodeAcceptedAt != nil:
			return accepted, nil
		case !v.CodeExpiresAt.After(tx.Now):
			return models.Event{}, ErrCodeExpired.At("code", ErrCodeExpired.Message)
		case v.CodeTries >= CodeTries:
			return models.Event{}, ErrCodeSpent.At("code", ErrCodeSpent.Message)
		case subtle.ConstantTimeCompare(codeHash(v.ID, code), v.CodeHash) == 1:
			tx.Queue(`UPDATE activations SET code_accepted_at = $3 WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, v.ID, tx.Now)
			return accepted, nil
		}
		tx.Queue(`UPDATE activations SET code_tries = code_tries + 1 WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, v.ID)
		refused = wrongCode(CodeTries - v.CodeTries - 1)
		return models.Event{Action: models.CodeRefused, Account: session.Account.ID}, nil
	})
	if err == nil {
		err = refused
	}
	return err
}

func wrongCode(left int) error {
	switch left {
	case 0:
		return ErrCodeSpent.At("code", ErrCodeSpent.Message)
	case 1:
		return ErrWrongCode.At("code", "This is not the code that we sent. You can try once more.")
	}
	return ErrWrongCode.At("code", fmt.Sprintf("This is not the code that we sent. You can try %d more times.", left))
}

// ResendCode texts a new code; the old one dies. For: a session of stage activation. Refuses: no open activation; a code
// sent a moment ago; too many in all.
func (s *Service) ResendCode(ctx context.Context, session identity.Session) error {
	_, err := s.store.Change(ctx, personal(session), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		v, err := lockActivation(tx, session.Account.ID)
		if err != nil {
			return models.Event{}, err
		}
		switch {
		case tx.Now.Before(v.CodeSentAt.Add(CodePause)):
			return models.Event{}, ErrCodePause
		case v.CodesSent >= CodesInAll:
			return models.Event{}, ErrTooManyCodes
		}
		a, err := accountByID(tx, session.Account.ID)
		if err != nil {
			return models.Event{}, err
		}
		return models.Event{Action: models.CodeSent, Account: a.ID}, s.newCode(ctx, tx, a)
	})
	return err
}

// replaceCode is newCode for an account that has another mobile now. One that is deactivated gets no text; should it be
// Pending again, its user asks for a new code.
func (s *Service) replaceCode(ctx context.Context, tx *store.Tx, a models.Account) error {
	if a.Status != models.Pending {
		tx.Queue(`UPDATE activations SET code_expires_at = $3, code_accepted_at = NULL WHERE tenant_id = $1 AND account_id = $2
			AND ended_at IS NULL`, a.TenantID, a.ID, tx.Now)
		return nil
	}
	err := s.newCode(ctx, tx, a)
	if err == ErrLinkExpired { // an activation that is over has no code to replace
		return nil
	}
	return err
}

// newCode replaces the code of an account's open activation. Refuses with ErrLinkExpired when there is none.
func (s *Service) newCode(ctx context.Context, tx *store.Tx, a models.Account) error {
	v, err := lockActivation(tx, a.ID)
	if err != nil {
		return err
	}
	code := newCode()
	tx.Queue(`UPDATE activations SET code_hash = $3, code_expires_at = $4, code_sent_at = $5, code_tries = 0, code_accepted_at = NULL,
		codes_sent = codes_sent + 1 WHERE tenant_id = $1 AND id = $2`, a.TenantID, v.ID, codeHash(v.ID, code), tx.Now.Add(CodeTTL), tx.Now)
	return s.text(ctx, tx, a, code)
}

// ChoosePassword ends an activation: the account is Active, its user has the password they chose, and the session that
// did it is replaced by a full one, whose token it returns.
// For: a session of stage activation. Refuses: a bad password, the one-time one among them; an account that is activated
// already; no open activation; the code not entered yet.
func (s *Service) ChoosePassword(ctx context.Context, session identity.Session, password string, from identity.Origin) (identity.Token, error) {
	if err := identity.CheckNewPassword(password, session.User.Email, session.User.Name, session.Account.Name, s.installation.Name); err != nil {
		return "", err
	}
	switch same, err := s.people.PasswordIs(ctx, session.User.TenantID, session.User.ID, password); {
	case err != nil:
		return "", err
	case same:
		return "", models.ErrCheckFields.At("password", "Choose another password than the one in the e-mail.")
	}
	hash, err := s.people.HashPassword(ctx, password)
	if err != nil {
		return "", err
	}
	var token identity.Token
	_, err = s.store.Change(ctx, personal(session), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		a, err := lockAccount(tx, session.Account.ID)
		if err != nil {
			return models.Event{}, err
		}
		if a.Status != models.Pending { // asked before the activation, which ended with it
			return models.Event{}, ErrNotPending
		}
		v, err := lockActivation(tx, a.ID)
		switch {
		case err != nil:
			return models.Event{}, err
		case v.CodeAcceptedAt == nil:
			return models.Event{}, ErrCodeFirst
		}
		tx.Queue(`UPDATE activations SET ended_at = $3 WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, v.ID, tx.Now)
		tx.Queue(`UPDATE accounts SET status = 'active', activated_at = $3, version = version + 1 WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, a.ID, tx.Now)
		identity.SetPassword(tx, v.UserID, hash, false)
		token = identity.StartSession(tx, session.User, identity.StageFull, from)
		activated := models.SubAccountActivated
		if a.Kind == models.Parent {
			activated = models.AccountActivated
		}
		return models.Event{Action: activated, Account: a.ID}, nil
	})
	return token, err
}

type activationRow struct {
	ID             models.ID
	UserID         models.ID
	CodeHash       []byte
	CodeExpiresAt  time.Time
	CodeTries      int
	CodesSent      int
	CodeSentAt     time.Time
	CodeAcceptedAt *time.Time
}

const activationColumns = `SELECT id, user_id, code_hash, code_expires_at, code_tries, codes_sent, code_sent_at, code_accepted_at FROM activations
	WHERE tenant_id = ? AND account_id = ? AND ended_at IS NULL AND expires_at > ?`

func openActivation(tx *store.Tx, account models.ID) (activationRow, error) {
	return scanActivation(tx, activationColumns, account)
}

// lockActivation takes the row, so that fifty tries at once are counted as fifty.
func lockActivation(tx *store.Tx, account models.ID) (activationRow, error) {
	return scanActivation(tx, activationColumns+" FOR UPDATE", account)
}

func scanActivation(tx *store.Tx, query string, account models.ID) (activationRow, error) {
	var row activationRow
	if err := tx.Raw(query, tx.Actor.Tenant, account, tx.Now).Scan(&row).Error; err != nil {
		return row, err
	}
	if row.ID == models.NoID {
		return row, ErrLinkExpired
	}
	return row, nil
}

// personal is the person at an activation's pages: known by the e-mail, permitted nothing.
func personal(session identity.Session) models.Actor {
	return models.Actor{Tenant: session.Account.TenantID, Account: session.Account.ID, Kind: session.Account.Kind,
		User: session.User.ID, Email: session.User.Email, Home: session.Account.TenantID, HomeAcct: session.Account.ID, Request: session.Actor.Request}
}

func newCode() string {
	n, _ := rand.Int(rand.Reader, big.NewInt(1_000_000))
	return fmt.Sprintf("%06d", n)
}

// codeHash binds a code to its activation, so that equal codes of two accounts do not look alike.
func codeHash(activation models.ID, code string) []byte {
	return digest(append(activation[:], code...))
}

func digest(secret []byte) []byte {
	sum := sha256.Sum256(secret)
	return sum[:]
}

// hidden leaves the country code and the last two digits: +353 •••• 07.
func hidden(mobile string) string {
	number, err := phonenumbers.Parse(mobile, "")
	if err != nil {
		return "••••"
	}
	return fmt.Sprintf("+%d •••• %s", number.GetCountryCode(), mobile[len(mobile)-2:])
}

// openerName is who opened the account, as its user knows them: the parent, or for a parent the operator.
func openerName(tx *store.Tx, a models.Account, p proof) (string, error) {
	if a.Kind == models.Parent {
		return p.operator, nil
	}
	var name string
	return name, tx.Raw(`SELECT name FROM accounts WHERE tenant_id = ? AND id = tenant_id`, a.TenantID).Scan(&name).Error
}
