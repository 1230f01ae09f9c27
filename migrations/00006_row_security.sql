-- Row-level security, the second line behind the services' own conditions: a transaction sees and touches the rows of the
-- tenant that the store's doors named at its beginning, and of no other. Staff's surveys see all tenants and write nothing.

-- +goose Up
CREATE FUNCTION current_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('app.tenant', true), '')::uuid;

-- Every table that a tenant owns calls this in the step that makes it; a test holds the schema against it.
-- +goose StatementBegin
CREATE FUNCTION isolate(owned regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', owned);
    EXECUTE format('CREATE POLICY tenant ON %s USING (tenant_id = current_tenant())', owned);
    -- its owner reads all of it, for backups and for the functions below; the portal is another role
    EXECUTE format('CREATE POLICY owner ON %s FOR SELECT TO CURRENT_USER USING (true)', owned);
    EXECUTE format('CREATE POLICY installation ON %s FOR SELECT USING (current_setting(''app.scope'', true) = ''installation'')', owned);
END $$;
-- +goose StatementEnd

SELECT isolate(owned::regclass) FROM unnest(ARRAY['accounts', 'privileges', 'feature_requests', 'users', 'login_emails', 'sessions',
    'activations', 'accesses', 'wallets', 'transfers', 'entries', 'charges', 'action_log', 'idempotency_keys', 'outbox']) owned;

-- Under a policy PostgreSQL lets an index serve only what cannot tell of other rows: comparisons, but neither LIKE nor
-- lower(). Without the two things below a search among 100,000 sub-accounts took 120 times as long, a page far down 50 times.
--
-- The list's order by name is a comparison of a column.
ALTER TABLE accounts ADD COLUMN name_key text COLLATE "und-x-icu" GENERATED ALWAYS AS (lower(name COLLATE "und-x-icu")) STORED;
CREATE INDEX accounts_by_name_key ON accounts (tenant_id, name_key, id) WHERE kind = 'sub' AND status <> 'deleted';
CREATE INDEX accounts_parents_key ON accounts (name_key, id) WHERE kind = 'parent';
DROP INDEX accounts_by_name, accounts_parents;

-- Ids of living sub-accounts whose search text is like a pattern, at most so many and in no order: in the tenant that the
-- transaction has named. It runs as the owner, whom no policy stops from reading, and names the tenant itself.
CREATE FUNCTION sub_accounts_like(pattern text, most integer) RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT id FROM accounts WHERE tenant_id = current_tenant() AND kind = 'sub' AND status <> 'deleted' AND search LIKE pattern LIMIT most
$$;
