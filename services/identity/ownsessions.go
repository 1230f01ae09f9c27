package identity

import (
	"context"
	"errors"
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

// ErrNoSuchSession is what somebody else's session is, too.
var ErrNoSuchSession = &models.Error{Kind: models.NotFound, Code: "session_not_found",
	Message: "This session has ended already."}

// SessionLine is one of the person's own sessions.
type SessionLine struct {
	ID        models.ID
	Stage     Stage
	IP        string
	UserAgent string
	CreatedAt time.Time
	SeenAt    time.Time
	This      bool // the one that asks
}

const sessionsShown = 100

// SessionsOf lists the person's own sessions that are open, the last used first, and says whether there are more than it
// lists. For: a full session at home. Refuses with ErrNoSession, ErrNotWhileAccessing.
func (s *Service) SessionsOf(ctx context.Context, session Session) (lines []SessionLine, more bool, err error) {
	if err := session.atHome(); err != nil {
		return nil, false, err
	}
	err = s.store.Read(ctx, session.self(), func(ctx context.Context, tx *store.Tx) error {
		return tx.Raw(`SELECT id, stage, ip, user_agent, created_at, seen_at, id = ? AS this FROM sessions
			WHERE tenant_id = ? AND user_id = ? AND expires_at > ? ORDER BY id = ? DESC, seen_at DESC, id DESC LIMIT ?`,
			session.ID, tx.Actor.Tenant, session.User.ID, tx.Now, session.ID, sessionsShown+1).Scan(&lines).Error
	})
	if err != nil {
		return nil, false, err
	}
	if len(lines) > sessionsShown {
		return lines[:sessionsShown], true, nil
	}
	return lines, false, nil
}

// EndSession signs the person out of one of their sessions; of this one too. For: a full session at home. Refuses with
// ErrNoSession, ErrNotWhileAccessing, ErrNoSuchSession (also for everybody else's).
func (s *Service) EndSession(ctx context.Context, session Session, id models.ID) error {
	_, err := s.endOwn(ctx, session, `id = ?`, id)
	return err
}

// EndOtherSessions signs the person out everywhere but here, and says of how many sessions. For: a full session at home.
// Refuses with ErrNoSession, ErrNotWhileAccessing.
func (s *Service) EndOtherSessions(ctx context.Context, session Session) (int, error) {
	ended, err := s.endOwn(ctx, session, `id <> ?`, session.ID)
	if errors.Is(err, ErrNoSuchSession) {
		return 0, nil
	}
	return ended, err
}

// endOwn ends those of the person's own sessions that the condition names, and the accesses in which they were. Where there
// is none it refuses with ErrNoSuchSession.
func (s *Service) endOwn(ctx context.Context, session Session, condition string, id models.ID) (int, error) {
	if err := session.atHome(); err != nil {
		return 0, err
	}
	var ended []struct{ AccessTenantID, AccessID *models.ID }
	_, err := s.store.Change(ctx, session.self(), func(ctx context.Context, tx *store.Tx) (models.Event, error) {
		ended = nil
		err := tx.Raw(`DELETE FROM sessions WHERE tenant_id = ? AND user_id = ? AND `+condition+` RETURNING access_tenant_id, access_id`,
			tx.Actor.Tenant, session.User.ID, id).Scan(&ended).Error
		if err == nil && len(ended) == 0 {
			err = ErrNoSuchSession
		}
		return about(session, models.SessionsEnded), err
	})
	if err != nil {
		return 0, err
	}
	for _, e := range ended {
		if e.AccessID == nil || e.AccessTenantID == nil {
			continue
		}
		if err := s.closeAccessOf(ctx, session, *e.AccessTenantID, *e.AccessID); err != nil {
			return 0, err
		}
	}
	return len(ended), nil
}

// closeAccessOf ends an access in which another session of the person was.
func (s *Service) closeAccessOf(ctx context.Context, session Session, tenant, id models.ID) error {
	var row struct {
		AccountID models.ID
		Reason    string
		EndsAt    time.Time
	}
	err := s.store.Read(ctx, models.System(tenant), func(ctx context.Context, tx *store.Tx) error {
		return tx.Raw(`SELECT account_id, reason, ends_at FROM accesses WHERE tenant_id = ? AND id = ? AND helper_user_id = ?`,
			tenant, id, session.User.ID).Scan(&row).Error
	})
	if err != nil || row.AccountID == models.NoID {
		return err
	}
	helper := helping(session.self(), tenant, row.AccountID, models.Access{ID: id, Reason: row.Reason, EndsAt: row.EndsAt})
	return s.closeAccess(ctx, helper, "signed_out")
}
