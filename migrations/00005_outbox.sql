-- The outbox: every mail and text that the portal sends. A row is made in the transaction of what it tells of, together
-- with the job that delivers it.

-- +goose Up
CREATE TABLE outbox (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    channel    text NOT NULL CHECK (channel IN ('mail', 'text')),
    account_id uuid NOT NULL, -- whom it is about
    recipient  text NOT NULL,
    subject    text NOT NULL,
    body       text NOT NULL,
    -- holds a password, link or code: the body is emptied once it is delivered
    secret     boolean NOT NULL,
    status     text NOT NULL CHECK (status IN ('waiting', 'sent', 'failed')),
    tries      integer NOT NULL DEFAULT 0,
    last_error text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    sent_at    timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
CREATE INDEX outbox_by_time ON outbox (created_at, id);
CREATE INDEX outbox_failed ON outbox (created_at, id) WHERE status = 'failed';
