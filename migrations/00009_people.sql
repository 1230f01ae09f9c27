-- Users of an account beyond its first: each has a time zone of their own if they like, and comes in through a link of a
-- mail, by which they set their password.

-- +goose Up
ALTER TABLE users ADD COLUMN time_zone text CHECK (time_zone NOT IN ('', 'Local')); -- NULL: that of the account
ALTER TABLE users ADD COLUMN version integer NOT NULL DEFAULT 1;                     -- counts edits, so that a stale form is refused

-- A link is known by the hash of its secret. Every one sent is a row: how many went to somebody of late is a limit.
CREATE TABLE user_invitations (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    user_id    uuid NOT NULL,
    token_hash bytea NOT NULL,
    sent_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at   timestamptz, -- used, replaced by a newer one, or withdrawn
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, token_hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
);
CREATE UNIQUE INDEX user_invitations_open_key ON user_invitations (tenant_id, user_id) WHERE ended_at IS NULL;
CREATE INDEX user_invitations_by_expiry ON user_invitations (expires_at);
CREATE INDEX user_invitations_by_user ON user_invitations (tenant_id, user_id, sent_at);

SELECT isolate('user_invitations');
