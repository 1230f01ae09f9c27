-- People: users, their sessions, the activation of a new account, and who entered which account.

-- +goose Up
CREATE TABLE users (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL,
    account_id    uuid NOT NULL,
    name          text NOT NULL CHECK (length(name) <= 120),
    email         text NOT NULL CHECK (email = lower(email) AND length(email) <= 254),
    role          text NOT NULL CHECK (role IN ('admin', 'user')),
    owner         boolean NOT NULL DEFAULT false,
    password_hash text NOT NULL DEFAULT '',
    -- a password that somebody else chose and that must be replaced at the first sign-in
    password_temporary boolean NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL,
    disabled_at   timestamptz,
    last_login_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
CREATE UNIQUE INDEX users_owner_key ON users (tenant_id, account_id) WHERE owner;
CREATE INDEX users_by_account ON users (tenant_id, account_id, email);
CREATE INDEX users_by_last_login ON users (tenant_id, (coalesce(last_login_at, '-infinity')), account_id) WHERE owner;

-- A login e-mail is unique in the whole installation, which no key that starts with a tenant can promise.
CREATE TABLE login_emails (
    email     text PRIMARY KEY CHECK (email = lower(email)),
    tenant_id uuid NOT NULL,
    user_id   uuid NOT NULL,
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
);

-- A session is known by the hash of its secret; the cookie holds the tenant and the secret.
CREATE TABLE sessions (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    token_hash bytea NOT NULL,
    user_id    uuid NOT NULL,
    account_id uuid NOT NULL,
    -- 'activation' until a new account's code and password are done; such a session opens nothing else
    stage      text NOT NULL CHECK (stage IN ('activation', 'full')),
    created_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ip         text NOT NULL,
    user_agent text NOT NULL,
    flash      text NOT NULL DEFAULT '',
    -- set while the person is in an account that is not theirs; staff enter accounts of other tenants
    access_tenant_id uuid,
    access_id        uuid,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, token_hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
CREATE INDEX sessions_by_account ON sessions (tenant_id, account_id);
CREATE INDEX sessions_by_user ON sessions (tenant_id, user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- How a new account's user proves the e-mail (one-time password or link) and the mobile (code).
CREATE TABLE activations (
    tenant_id       uuid NOT NULL,
    id              uuid NOT NULL,
    account_id      uuid NOT NULL,
    user_id         uuid NOT NULL,
    method          text NOT NULL CHECK (method IN ('password', 'link')),
    expires_at      timestamptz NOT NULL, -- of the one-time password or link
    link_hash       bytea,
    code_hash       bytea NOT NULL,
    code_expires_at timestamptz NOT NULL,
    code_tries      integer NOT NULL DEFAULT 0 CHECK (code_tries <= 5),
    codes_sent      integer NOT NULL DEFAULT 1,
    code_sent_at    timestamptz NOT NULL,
    code_accepted_at timestamptz,
    created_at      timestamptz NOT NULL,
    ended_at        timestamptz, -- used, or replaced by a newer one
    PRIMARY KEY (tenant_id, id),
    CHECK ((method = 'link') = (link_hash IS NOT NULL)),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
);
CREATE UNIQUE INDEX activations_open_key ON activations (tenant_id, account_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX activations_link_key ON activations (tenant_id, link_hash) WHERE link_hash IS NOT NULL;

-- Who entered an account that is not theirs. Kept in the books of the entered account; the person may be of another tenant.
CREATE TABLE accesses (
    tenant_id    uuid NOT NULL,
    id           uuid NOT NULL,
    account_id   uuid NOT NULL,
    helper_tenant_id uuid NOT NULL,
    helper_user_id   uuid NOT NULL,
    helper_email text NOT NULL,
    helper_kind  text NOT NULL CHECK (helper_kind IN ('operator', 'parent')),
    reason       text NOT NULL CHECK (length(reason) BETWEEN 1 AND 300),
    started_at   timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    ended_at     timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
CREATE INDEX accesses_by_account ON accesses (tenant_id, account_id, started_at, id);
