-- Usage added up, for reports that read no messages. Whatever counts usage writes what changed, in its own transaction; a job
-- adds that to the sums. A report reads both, so that it is right at any moment.

-- +goose Up
CREATE TABLE usage_changes (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    account_id uuid NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('message', 'call', 'number', 'keyword')),
    country    char(2) NOT NULL,
    status     text NOT NULL, -- of messages; '' of other usage
    quarter    timestamptz NOT NULL, -- the quarter of an hour in which it was used
    quantity   bigint NOT NULL,
    parts      bigint NOT NULL,
    units      bigint NOT NULL, -- millionths of a package's unit
    cost       bigint NOT NULL, -- millionths of the currency
    own_cost   bigint NOT NULL, -- what of it the account paid itself
    PRIMARY KEY (tenant_id, id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000); -- its rows come and go
SELECT isolate('usage_changes');

-- The zone in which a tenant's days and months are added up: that of the parent account when its first usage was. It stays,
-- for sums cannot be taken apart again; who reads in another zone is served from quarters of an hour.
CREATE TABLE usage_zones (
    tenant_id uuid PRIMARY KEY,
    time_zone text NOT NULL
);
SELECT isolate('usage_zones');

-- Each change is added at every level.
CREATE TABLE usage_sums (
    tenant_id  uuid NOT NULL,
    level      smallint NOT NULL, -- 1 month and account, 2 day and account, 3 day, 4 quarter of an hour; 5 to 8: the same by kind, country and status
    period     integer NOT NULL, -- months, days, or quarters of an hour since the beginning of 1970
    account_id uuid NOT NULL, -- nil at the levels without accounts
    kind       text NOT NULL, -- with country and status '' at the levels without them
    country    text NOT NULL,
    status     text NOT NULL,
    messages   bigint NOT NULL,
    delivered  bigint NOT NULL, -- of the messages
    failed     bigint NOT NULL,
    others     bigint NOT NULL, -- calls, months of numbers and keywords
    parts      bigint NOT NULL,
    units      bigint NOT NULL, -- millionths
    cost       bigint NOT NULL, -- millionths
    own_cost   bigint NOT NULL, -- millionths
    PRIMARY KEY (tenant_id, level, period, account_id, kind, country, status)
) PARTITION BY LIST (level);
SELECT isolate('usage_sums');
CREATE TABLE usage_account_months PARTITION OF usage_sums FOR VALUES IN (1) WITH (fillfactor = 80);
CREATE TABLE usage_account_days PARTITION OF usage_sums FOR VALUES IN (2) WITH (fillfactor = 80);
CREATE TABLE usage_days PARTITION OF usage_sums FOR VALUES IN (3) WITH (fillfactor = 80);
CREATE TABLE usage_quarters PARTITION OF usage_sums FOR VALUES IN (4) WITH (fillfactor = 80);
CREATE TABLE usage_account_months_by PARTITION OF usage_sums FOR VALUES IN (5) WITH (fillfactor = 80);
CREATE TABLE usage_account_days_by PARTITION OF usage_sums FOR VALUES IN (6) WITH (fillfactor = 80);
CREATE TABLE usage_days_by PARTITION OF usage_sums FOR VALUES IN (7) WITH (fillfactor = 80);
CREATE TABLE usage_quarters_by PARTITION OF usage_sums FOR VALUES IN (8) WITH (fillfactor = 80);
SELECT isolate(part::regclass) FROM unnest(ARRAY['usage_account_months', 'usage_account_days', 'usage_days', 'usage_quarters',
    'usage_account_months_by', 'usage_account_days_by', 'usage_days_by', 'usage_quarters_by']) part;
-- One account over time; the primary key serves all accounts of a while.
CREATE INDEX usage_account_months_of ON usage_account_months (tenant_id, account_id, period);
CREATE INDEX usage_account_days_of ON usage_account_days (tenant_id, account_id, period);
CREATE INDEX usage_account_months_by_of ON usage_account_months_by (tenant_id, account_id, period);
CREATE INDEX usage_account_days_by_of ON usage_account_days_by (tenant_id, account_id, period);

-- A charge is usage by itself and counted here, whichever version of the program makes it: that before this one may serve
-- during an upgrade. One that pays messages is none (false): they are counted as what they are. NULL: it was there before this
-- step and is counted by a later one, which holds nobody up.
ALTER TABLE charges ADD COLUMN counts boolean;
ALTER TABLE charges ALTER COLUMN counts SET DEFAULT true;

-- +goose StatementBegin
CREATE FUNCTION count_charges() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO usage_changes (tenant_id, id, account_id, kind, country, status, quarter, quantity, parts, units, cost, own_cost)
    SELECT tenant_id, (array_agg(id))[1], account_id, kind, country, '', date_bin('15 minutes', charged_at, 'epoch'), sum(quantity), sum(parts),
        sum(CASE WHEN asset LIKE 'units:%' THEN amount ELSE 0 END),
        sum(CASE WHEN asset LIKE 'units:%' THEN 0 ELSE amount END),
        sum(CASE WHEN asset LIKE 'units:%' OR payer_id <> account_id THEN 0 ELSE amount END)
    FROM made WHERE counts GROUP BY tenant_id, account_id, kind, country, date_bin('15 minutes', charged_at, 'epoch');
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER count_charges AFTER INSERT ON charges REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION count_charges();
