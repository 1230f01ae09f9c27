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
    EXECUTE format('CREATE POLICY installation ON %s FOR SELECT USING (current_setting(''app.scope'', true) = ''installation'')', owned);
END $$;
-- +goose StatementEnd

SELECT isolate(owned::regclass) FROM unnest(ARRAY['accounts', 'privileges', 'feature_requests', 'users', 'login_emails', 'sessions',
    'activations', 'accesses', 'wallets', 'transfers', 'entries', 'charges', 'action_log', 'idempotency_keys', 'outbox']) owned;
