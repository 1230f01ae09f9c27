-- Staff access (ACC-12): a parent can ask that staff have its consent before they enter it or its sub-accounts. And what
-- staff search by (ACC-15).

-- +goose Up
-- Of a parent: since when staff need its consent. NULL: a reason is enough.
ALTER TABLE accounts ADD COLUMN staff_access_off timestamptz;
ALTER TABLE accounts ADD CONSTRAINT accounts_staff_access_check CHECK (staff_access_off IS NULL OR kind = 'parent') NOT VALID;
ALTER TABLE accounts VALIDATE CONSTRAINT accounts_staff_access_check;

-- A member of staff asks to enter one account once; the parent's Admins decide. They do so in their own account only.
CREATE TABLE consents (
    tenant_id        uuid NOT NULL,
    id               uuid NOT NULL,
    account_id       uuid NOT NULL, -- to be entered
    helper_tenant_id uuid NOT NULL,
    helper_user_id   uuid NOT NULL,
    helper_email     text NOT NULL,
    reason           text NOT NULL CHECK (length(reason) BETWEEN 1 AND 300),
    status           text NOT NULL CHECK (status IN ('requested', 'given', 'refused', 'withdrawn', 'used', 'expired')),
    requested_at     timestamptz NOT NULL,
    decided_by       text NOT NULL DEFAULT '', -- who gave, refused or withdrew it, the last of them
    decided_at       timestamptz,
    expires_at       timestamptz NOT NULL, -- of the request, and once it is given of the consent
    PRIMARY KEY (tenant_id, id),
    CHECK ((decided_by = '') = (decided_at IS NULL)),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
SELECT isolate('consents');
-- One open at a time for a member of staff and an account.
CREATE UNIQUE INDEX consents_open_key ON consents (tenant_id, account_id, helper_user_id) WHERE status IN ('requested', 'given');
CREATE INDEX consents_by_time ON consents (tenant_id, requested_at, id);

ALTER TABLE accesses ADD COLUMN consent_id uuid;
ALTER TABLE accesses ADD CONSTRAINT accesses_consent_fkey FOREIGN KEY (tenant_id, consent_id) REFERENCES consents (tenant_id, id) NOT VALID;
ALTER TABLE accesses VALIDATE CONSTRAINT accesses_consent_fkey;
-- A consent takes somebody in once.
CREATE UNIQUE INDEX accesses_consent_key ON accesses (tenant_id, consent_id) WHERE consent_id IS NOT NULL;
-- The job that closes what nobody is in any more looks over all tenants.
CREATE INDEX accesses_open ON accesses (ends_at) WHERE ended_at IS NULL;
CREATE INDEX sessions_in_access ON sessions (access_id) WHERE access_id IS NOT NULL;

-- Beside every column that says who did something stands the account that they had entered; NULL: they were in their own.
ALTER TABLE feature_requests ADD COLUMN requested_as uuid, ADD COLUMN decided_as uuid;

-- Staff look through the people and accounts of the whole installation, in order of e-mail and of name. What holds a text
-- is found as within a tenant, by functions that run as the owner, because a policy keeps LIKE from the indexes; they answer
-- only to surveys of the installation.
CREATE INDEX users_search_all ON users USING gin (lower((name || ' ' || email) COLLATE "und-x-icu") gin_trgm_ops);
CREATE INDEX users_by_email ON users (email, id);
CREATE INDEX accounts_by_name_all ON accounts (name_key, id) WHERE kind <> 'operator' AND status <> 'deleted';

CREATE FUNCTION accounts_like(pattern text, number text, most integer) RETURNS TABLE (tenant_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT a.tenant_id, a.id FROM accounts a WHERE current_setting('app.scope', true) = 'installation'
        AND a.kind <> 'operator' AND a.status <> 'deleted' AND (a.search LIKE pattern OR a.search LIKE number) LIMIT most
$$;

-- number is looked for among the mobiles of their accounts.
CREATE FUNCTION users_like(pattern text, number text, most integer) RETURNS TABLE (tenant_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT * FROM (
        SELECT u.tenant_id, u.id FROM users u WHERE lower((u.name || ' ' || u.email) COLLATE "und-x-icu") LIKE pattern COLLATE "und-x-icu"
        UNION ALL SELECT u.tenant_id, u.id FROM accounts a JOIN users u ON u.tenant_id = a.tenant_id AND u.account_id = a.id
            WHERE number <> '' AND a.search LIKE number AND a.mobile LIKE number) found
    WHERE current_setting('app.scope', true) = 'installation' LIMIT most
$$;
