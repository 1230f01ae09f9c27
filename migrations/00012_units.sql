-- Units of packages are wallets of the same ledger: what an account may use of a package, what it has used, and per package
-- the side they are issued from. Transfers issue them and let them expire.

-- +goose Up
ALTER TABLE wallets DROP CONSTRAINT wallets_kind_check;
ALTER TABLE wallets ADD CONSTRAINT wallets_kind_check CHECK (kind IN ('balance', 'spent', 'outside', 'units', 'used', 'issued')) NOT VALID;
ALTER TABLE wallets DROP CONSTRAINT wallets_check1;
ALTER TABLE wallets ADD CONSTRAINT wallets_check1 CHECK ((kind IN ('outside', 'issued')) = (floor IS NULL)) NOT VALID;
ALTER TABLE wallets DROP CONSTRAINT wallets_check2;
ALTER TABLE wallets ADD CONSTRAINT wallets_check2 CHECK (kind NOT IN ('outside', 'issued') OR account_id = tenant_id) NOT VALID;
ALTER TABLE wallets ADD CONSTRAINT wallets_units CHECK ((kind IN ('units', 'used', 'issued')) = (asset LIKE 'units:%')) NOT VALID;
ALTER TABLE transfers DROP CONSTRAINT transfers_kind_check;
ALTER TABLE transfers ADD CONSTRAINT transfers_kind_check
    CHECK (kind IN ('payment', 'transfer', 'transfer_back', 'charge', 'refund', 'reversal', 'purchase', 'issue', 'expiry')) NOT VALID;
-- What an account may use, by package.
CREATE INDEX wallets_units ON wallets (tenant_id, account_id) WHERE kind = 'units';
