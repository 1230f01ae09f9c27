-- Balances that fell under a threshold: who is told of it, and what is recharged, each at most once for one fall.

-- +goose Up
CREATE TABLE falls (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    account_id uuid NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('low', 'recharge')),
    asset      text NOT NULL,
    threshold  bigint NOT NULL,
    balance    bigint NOT NULL, -- what the fall left
    fell_at    timestamptz NOT NULL,
    told_at    timestamptz, -- of kind low: when somebody was last told, or should have been
    ended_at   timestamptz, -- it is at the threshold or above again, or nobody watches it any more
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
CREATE UNIQUE INDEX falls_open_key ON falls (tenant_id, account_id, kind) WHERE ended_at IS NULL;
CREATE INDEX falls_open ON falls (tenant_id, kind, fell_at, id) WHERE ended_at IS NULL;
-- Whom to tell again, over all tenants.
CREATE INDEX falls_due ON falls (coalesce(told_at, fell_at), tenant_id, id) WHERE ended_at IS NULL AND kind = 'low';
-- What is left to recharge, likewise.
CREATE INDEX falls_waiting ON falls (fell_at, tenant_id, id) WHERE ended_at IS NULL AND kind = 'recharge';
SELECT isolate('falls');

-- The falls of a balance that are open: whoever holds it knows of them by its own row.
ALTER TABLE wallets ADD COLUMN low_fall uuid;
ALTER TABLE wallets ADD COLUMN recharge_fall uuid;
ALTER TABLE wallets ADD CONSTRAINT wallets_falls CHECK ((low_fall IS NULL OR low_below IS NOT NULL) AND (recharge_fall IS NULL OR recharge_below IS NOT NULL)) NOT VALID;

-- When a sub-account's balance is recharged, by how much, and where that ends.
CREATE TABLE recharge_rules (
    tenant_id     uuid NOT NULL,
    account_id    uuid NOT NULL,
    asset         text NOT NULL,
    below         bigint NOT NULL CHECK (below > 0),
    amount        bigint NOT NULL CHECK (amount > 0),
    up_to         boolean NOT NULL, -- amount is what it shall have afterwards, not what is transferred
    most_times    integer NOT NULL CHECK (most_times BETWEEN 1 AND 1000), -- a day
    most_amount   bigint NOT NULL CHECK (most_amount > 0), -- a day
    paused_at     timestamptz,
    paused_reason text NOT NULL DEFAULT '' CHECK (paused_reason IN ('', 'short', 'times', 'amount', 'person')),
    version       integer NOT NULL DEFAULT 1,
    set_at        timestamptz NOT NULL,
    stopped_at    timestamptz, -- it was turned off; the row stays, and with it the count of its versions
    PRIMARY KEY (tenant_id, account_id),
    CHECK ((paused_at IS NULL) = (paused_reason = '')),
    CHECK (stopped_at IS NULL OR paused_at IS NULL),
    CHECK (amount >= below AND most_amount >= amount), -- one recharge ends its fall, and one a day is possible
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
CREATE INDEX recharge_rules_paused ON recharge_rules (tenant_id, paused_at, account_id) WHERE paused_at IS NOT NULL;
SELECT isolate('recharge_rules');

-- What was recharged: one transfer for one fall.
CREATE TABLE recharges (
    tenant_id   uuid NOT NULL,
    id          uuid NOT NULL,
    account_id  uuid NOT NULL,
    fall_id     uuid NOT NULL,
    transfer_id uuid NOT NULL,
    asset       text NOT NULL,
    amount      bigint NOT NULL CHECK (amount > 0),
    day         date NOT NULL, -- of the parent's calendar
    number      integer NOT NULL CHECK (number > 0), -- of the account's on that day
    day_amount  bigint NOT NULL CHECK (day_amount >= amount), -- with those before it on that day
    most_times  integer NOT NULL, -- as the rule was
    most_amount bigint NOT NULL,
    made_at     timestamptz NOT NULL,
    CHECK (number <= most_times AND day_amount <= most_amount),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id),
    FOREIGN KEY (tenant_id, fall_id) REFERENCES falls (tenant_id, id),
    FOREIGN KEY (tenant_id, transfer_id) REFERENCES transfers (tenant_id, id) DEFERRABLE INITIALLY DEFERRED
);
CREATE UNIQUE INDEX recharges_fall_key ON recharges (tenant_id, fall_id);
-- Whoever counts the day's at the same time counts the same number, and comes second.
CREATE UNIQUE INDEX recharges_day_key ON recharges (tenant_id, account_id, day, number);
CREATE INDEX recharges_by_account ON recharges (tenant_id, account_id, id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON recharges FOR EACH ROW EXECUTE FUNCTION refuse_change();
SELECT isolate('recharges');
