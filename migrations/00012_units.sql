-- Units of packages are wallets of the same ledger: what an account may use of a package, what it has used, and per package
-- the side they are issued from. Transfers issue them and let them expire.

-- +goose Up
ALTER TABLE wallets DROP CONSTRAINT wallets_kind_check;
ALTER TABLE wallets ADD CONSTRAINT wallets_kind_check CHECK (kind IN ('balance', 'spent', 'outside', 'units', 'used', 'issued')) NOT VALID;
ALTER TABLE wallets DROP CONSTRAINT wallets_check1;
ALTER TABLE wallets ADD CONSTRAINT wallets_check1 CHECK ((kind IN ('outside', 'issued')) = (floor IS NULL)) NOT VALID;
ALTER TABLE wallets DROP CONSTRAINT wallets_check2;
ALTER TABLE wallets ADD CONSTRAINT wallets_check2 CHECK (kind NOT IN ('outside', 'issued') OR account_id = tenant_id) NOT VALID;
ALTER TABLE wallets ADD COLUMN package_id uuid; -- whose units the asset is
ALTER TABLE wallets ADD CONSTRAINT wallets_units CHECK ((kind IN ('units', 'used', 'issued')) = (package_id IS NOT NULL)) NOT VALID;
ALTER TABLE wallets ADD CONSTRAINT wallets_units_asset CHECK (CASE WHEN package_id IS NULL THEN asset NOT LIKE 'units:%' ELSE asset = 'units:' || package_id END) NOT VALID;
ALTER TABLE transfers DROP CONSTRAINT transfers_kind_check;
ALTER TABLE transfers ADD CONSTRAINT transfers_kind_check
    CHECK (kind IN ('payment', 'transfer', 'transfer_back', 'charge', 'refund', 'reversal', 'purchase', 'issue', 'expiry')) NOT VALID;

-- What an account may use, by package, and everybody's wallets of one package.
CREATE INDEX wallets_units ON wallets (tenant_id, account_id) WHERE kind = 'units';
CREATE INDEX wallets_of_package ON wallets (tenant_id, package_id) WHERE package_id IS NOT NULL;

-- On a sub-account's wallet of kind spent, which every use of it holds locked: all units it has, of whatever package, and
-- when it last used some. The list of sub-accounts is sorted by them.
ALTER TABLE wallets ADD COLUMN units_held bigint NOT NULL DEFAULT 0;
ALTER TABLE wallets ADD COLUMN units_used_at timestamptz;
CREATE INDEX wallets_by_units ON wallets (tenant_id, units_held, account_id) WHERE kind = 'spent';
CREATE INDEX wallets_by_activity ON wallets (tenant_id, (coalesce(greatest(last_at, units_used_at), '-infinity')), account_id) WHERE kind = 'spent';

-- A transfer is written by one statement, so that its entries are added up from what the statement wrote: a set of hundreds
-- costs one look at them, where a trigger for each entry, at commit, cost as much as all the rest.
-- +goose StatementBegin
CREATE FUNCTION written_entries_sum_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    unequal uuid;
BEGIN
    SELECT transfer_id INTO unequal FROM written GROUP BY tenant_id, transfer_id, asset HAVING sum(amount) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the entries of transfer % do not sum to zero', unequal USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER written_entries_sum_to_zero AFTER INSERT ON entries REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION written_entries_sum_to_zero();
DROP TRIGGER entries_sum_to_zero ON entries;
DROP FUNCTION entries_sum_to_zero();
