-- Accounts: the operator, the parent accounts and, under each parent, its sub-accounts. A parent account is a tenant;
-- every table a tenant owns starts with its id, and every foreign key between such tables carries it, so that a row of
-- one tenant cannot refer to a row of another.

-- +goose Up
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;

CREATE TABLE accounts (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('operator', 'parent', 'sub')),
    name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    contact_name  text NOT NULL CHECK (length(contact_name) <= 120),
    email         text NOT NULL CHECK (email = lower(email) AND length(email) <= 254),
    mobile        text NOT NULL CHECK (mobile ~ '^(\+[0-9]{5,15})?$'),
    country       char(2) NOT NULL,
    time_zone     text NOT NULL CHECK (time_zone NOT IN ('', 'Local')),
    currency      char(3) NOT NULL,
    status        text NOT NULL CHECK (status IN ('pending', 'active', 'deactivated', 'deleted')),
    status_reason text NOT NULL DEFAULT '',
    -- what a deactivated account was before, so that activating it again gives that back
    status_before text NOT NULL DEFAULT '' CHECK (status_before IN ('', 'pending', 'active')),
    funding       text NOT NULL DEFAULT '' CHECK (funding IN ('', 'own', 'shared')),
    plan          text NOT NULL DEFAULT '' CHECK (plan IN ('', 'pre_pay', 'post_pay')),
    sub_accounts_enabled timestamptz,
    version       integer NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL,
    activated_at  timestamptz,
    -- in small letters of every script, whatever the database's own locale knows
    search        text GENERATED ALWAYS AS (lower((name || ' ' || contact_name || ' ' || email || ' ' || mobile) COLLATE "und-x-icu")) STORED,
    PRIMARY KEY (tenant_id, id),
    CHECK ((kind = 'sub') = (id <> tenant_id)),
    CHECK ((kind = 'sub') = (funding <> '')),
    CHECK ((kind = 'parent') = (plan <> '')),
    CHECK ((status = 'deactivated') = (status_before <> '')),
    FOREIGN KEY (tenant_id, tenant_id) REFERENCES accounts (tenant_id, id)
);
-- One living sub-account of a name within a parent, whatever its capitals.
CREATE UNIQUE INDEX accounts_name_key ON accounts (tenant_id, lower(name COLLATE "und-x-icu")) WHERE kind = 'sub' AND status <> 'deleted';
-- One operator in an installation.
CREATE UNIQUE INDEX accounts_operator_key ON accounts (kind) WHERE kind = 'operator';

-- The list of sub-accounts pages by key in the order of any of its columns.
CREATE INDEX accounts_by_name    ON accounts (tenant_id, lower(name COLLATE "und-x-icu"), id) WHERE kind = 'sub' AND status <> 'deleted';
CREATE INDEX accounts_by_email   ON accounts (tenant_id, email, id) WHERE kind = 'sub' AND status <> 'deleted';
CREATE INDEX accounts_by_mobile  ON accounts (tenant_id, mobile, id) WHERE kind = 'sub' AND status <> 'deleted';
CREATE INDEX accounts_by_status  ON accounts (tenant_id, status, id) WHERE kind = 'sub' AND status <> 'deleted';
CREATE INDEX accounts_by_funding ON accounts (tenant_id, funding, id) WHERE kind = 'sub' AND status <> 'deleted';
CREATE INDEX accounts_search     ON accounts USING gin (tenant_id, search gin_trgm_ops);
-- Staff look through the parents of the whole installation.
CREATE INDEX accounts_parents    ON accounts (lower(name COLLATE "und-x-icu"), id) WHERE kind = 'parent';
CREATE INDEX accounts_search_all ON accounts USING gin (search gin_trgm_ops);

-- What a parent granted a sub-account.
CREATE TABLE privileges (
    tenant_id  uuid NOT NULL,
    account_id uuid NOT NULL,
    privilege  text NOT NULL,
    PRIMARY KEY (tenant_id, account_id, privilege),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);

-- How a feature of the Store is had: open to whoever asks, or after staff approved the request. The operator's catalogue.
CREATE TABLE features (
    feature text PRIMARY KEY,
    mode    text NOT NULL CHECK (mode IN ('open', 'on_request'))
);
INSERT INTO features VALUES ('sub_accounts', 'open');

CREATE TABLE feature_requests (
    tenant_id    uuid NOT NULL,
    id           uuid NOT NULL,
    feature      text NOT NULL,
    status       text NOT NULL CHECK (status IN ('requested', 'approved', 'refused')),
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    decided_by   text NOT NULL DEFAULT '',
    decided_at   timestamptz,
    reason       text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, tenant_id) REFERENCES accounts (tenant_id, id)
);
CREATE UNIQUE INDEX feature_requests_open_key ON feature_requests (tenant_id, feature) WHERE status = 'requested';
CREATE INDEX feature_requests_by_status ON feature_requests (status, requested_at, id);
