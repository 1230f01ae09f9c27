package identity

import (
	"time"

	"offshoot/models"
	"offshoot/services/store"
)

// Stage is how far a session has come. Before StageFull it permits the one thing that is to be done next.
type Stage string

const (
	// StageActivation is the session of a new account's user, who must enter a code and choose a password.
	StageActivation Stage = "activation"
	// StageSecondFactor is that of somebody whose password was right and who must show a code of their app.
	StageSecondFactor Stage = "second_factor"
	// StageNewPassword is that of somebody who came in with a password that another person chose.
	StageNewPassword Stage = "new_password"
	StageFull        Stage = "full"
)

// nextStage is the stage of somebody whose password was right: the first of the things that are still to be done. The
// second factor comes before a new password, for whoever cannot show it must not be able to choose one.
func nextStage(account models.AccountStatus, secondFactor, temporary bool) Stage {
	switch {
	case account == models.Pending:
		return StageActivation
	case secondFactor:
		return StageSecondFactor
	case temporary:
		return StageNewPassword
	}
	return StageFull
}

// privilege is the one that a session has before StageFull.
func (s Stage) privilege() (only models.Privilege, pre bool) {
	switch s {
	case StageFull:
		return "", false
	case StageSecondFactor:
		return models.EnterSecondFactor, true
	case StageNewPassword:
		return models.ChoosePassword, true
	}
	return models.ActivateAccount, true
}

// ttl is how long a session may stay in a stage.
func (s Stage) ttl() time.Duration {
	switch s {
	case StageFull:
		return SessionTTL
	case StageSecondFactor, StageNewPassword:
		return BetweenTTL
	}
	return ActivationTTL
}

// goOn takes a session to another stage, or keeps a full one, under a new token: what was seen or planted before opens
// nothing any more. Without such a session the change fails with ErrNoSession; of two who try it with one token, one does.
func goOn(tx *store.Tx, session Session, stage Stage) Token {
	token, hash := newToken(tx.Actor.Tenant)
	ends := session.ExpiresAt
	if stage != session.Stage {
		ends = tx.Now.Add(stage.ttl())
	}
	tx.QueueExactly(ErrNoSession, `UPDATE sessions SET token_hash = $4, stage = $5, expires_at = $6, seen_at = $7, proved_at = $7, wrong_tries = 0
		WHERE tenant_id = $1 AND id = $2 AND token_hash = $3`, tx.Actor.Tenant, session.ID, session.hash, hash, string(stage), ends, tx.Now)
	if stage == StageFull && session.Stage != StageFull {
		signedIn(tx, session.User.ID)
	}
	return token
}

func signedIn(tx *store.Tx, user models.ID) {
	tx.Queue(`UPDATE users SET last_login_at = $3 WHERE tenant_id = $1 AND id = $2`, tx.Actor.Tenant, user, tx.Now)
}
