-- The action log: who did what to which account, as whom. Written in the transaction of what it tells of, never changed.

-- +goose Up
CREATE TABLE action_log (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL,
    at            timestamptz NOT NULL,
    user_id       uuid, -- none for the installation itself
    user_email    text NOT NULL,
    as_account_id uuid, -- the entered account while the person was in one that is not theirs
    access_id     uuid,
    action        text NOT NULL,
    account_id    uuid NOT NULL,
    other_account_id uuid,
    asset         text,
    amount        bigint,
    balance_after bigint,
    transfer_id   uuid,
    subject_id    uuid,
    reference     text NOT NULL DEFAULT '',
    details       jsonb NOT NULL DEFAULT '{}',
    request_id    text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, id),
    CHECK ((as_account_id IS NULL) = (access_id IS NULL)),
    CHECK ((amount IS NULL) OR (asset IS NOT NULL)),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id),
    FOREIGN KEY (tenant_id, transfer_id) REFERENCES transfers (tenant_id, id)
);
CREATE INDEX action_log_by_time ON action_log (tenant_id, at, id);
CREATE INDEX action_log_by_account ON action_log (tenant_id, account_id, at, id);
-- Charges are most of all lines and are found by time; the index is for what stands among them.
CREATE INDEX action_log_by_action ON action_log (tenant_id, action, at, id) WHERE action <> 'usage.charged';
-- Staff read the log of the whole installation.
CREATE INDEX action_log_all ON action_log (at, id);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON action_log FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- A form sent twice does its work once: the key names the log line that its effect wrote.
CREATE TABLE idempotency_keys (
    tenant_id   uuid NOT NULL,
    account_id  uuid NOT NULL, -- whose key it is
    key         text NOT NULL CHECK (length(key) BETWEEN 1 AND 120),
    fingerprint bytea NOT NULL, -- of what was asked, so that a key cannot stand for two things
    event_id    uuid NOT NULL,
    claimed_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, account_id, key),
    FOREIGN KEY (tenant_id, event_id) REFERENCES action_log (tenant_id, id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (claimed_at);
