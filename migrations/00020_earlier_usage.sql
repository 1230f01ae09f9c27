-- Counts the charges that were there before usage was counted. Nobody waits for it: the step that came before has charges
-- counted as they are made, and these change no more.

-- +goose Up
-- +goose StatementBegin
DO $$
DECLARE
    tenant uuid;
BEGIN
    -- the owner of the tables writes a tenant's rows as that tenant, like everybody
    FOR tenant IN SELECT DISTINCT tenant_id FROM accounts LOOP
        PERFORM set_config('app.tenant', tenant::text, true);
        INSERT INTO usage_changes (tenant_id, id, account_id, kind, country, status, quarter, quantity, parts, units, cost, own_cost)
        SELECT tenant, min(id::text)::uuid, account_id, kind, country, '', date_bin('15 minutes', charged_at, 'epoch'), sum(quantity), sum(parts), 0,
            sum(amount), coalesce(sum(amount) FILTER (WHERE payer_id = account_id), 0)
        FROM charges WHERE tenant_id = tenant AND counts IS NULL
        GROUP BY account_id, kind, country, date_bin('15 minutes', charged_at, 'epoch');
    END LOOP;
    PERFORM set_config('app.tenant', '', true);
END $$;
-- +goose StatementEnd
