-- Every way of funding a sub-account: monthly limits with the month starts that move them, caps on what it may draw from its
-- parent's balance, and trials.

-- +goose Up
ALTER TABLE accounts DROP CONSTRAINT accounts_funding_check;
ALTER TABLE accounts ADD CONSTRAINT accounts_funding_check CHECK (funding IN ('', 'own', 'shared', 'limit', 'client')) NOT VALID;
-- Until when a sub-account is on trial. Once that is past, nothing works until money comes to it, see wallets.credited_at.
ALTER TABLE accounts ADD COLUMN trial_ends_at timestamptz;
ALTER TABLE accounts ADD CONSTRAINT accounts_trial CHECK (trial_ends_at IS NULL OR kind = 'sub') NOT VALID;
CREATE INDEX accounts_by_trial ON accounts (tenant_id, trial_ends_at, id) WHERE trial_ends_at IS NOT NULL AND status <> 'deleted';

-- On a sub-account's wallet of kind spent, which every use of it holds locked: how much of its parent's balance it may draw
-- in a day and in a month of its parent's calendar, and what it has drawn, net of refunds, since that day and month began.
ALTER TABLE wallets ADD COLUMN cap_day bigint;
ALTER TABLE wallets ADD COLUMN cap_month bigint;
ALTER TABLE wallets ADD COLUMN counted_day date; -- the day of that calendar which is counted, and whose month is
ALTER TABLE wallets ADD COLUMN day_after bigint; -- the entries after that number are in drawn_day
ALTER TABLE wallets ADD COLUMN month_after bigint; -- likewise
ALTER TABLE wallets ADD COLUMN drawn_day bigint NOT NULL DEFAULT 0;
ALTER TABLE wallets ADD COLUMN drawn_month bigint NOT NULL DEFAULT 0;
ALTER TABLE wallets ADD CONSTRAINT wallets_caps CHECK ((cap_day IS NULL OR cap_day > 0) AND (cap_month IS NULL OR cap_month > 0)
    AND (kind = 'spent' OR cap_day IS NULL AND cap_month IS NULL)) NOT VALID;

-- On a wallet of kind balance: under what it is low, under what it is recharged, and when money last came to it from its
-- parent or from outside.
ALTER TABLE wallets ADD COLUMN low_below bigint;
ALTER TABLE wallets ADD COLUMN recharge_below bigint;
ALTER TABLE wallets ADD COLUMN credited_at timestamptz;
-- On a parent's: somebody waits for money to come in, so what brings it enqueues a job.
ALTER TABLE wallets ADD COLUMN wakes boolean NOT NULL DEFAULT false;
ALTER TABLE wallets ADD CONSTRAINT wallets_watched CHECK ((low_below IS NULL OR low_below > 0) AND (recharge_below IS NULL OR recharge_below > 0)
    AND (kind = 'balance' OR low_below IS NULL AND recharge_below IS NULL AND NOT wakes)) NOT VALID;

-- How much a sub-account may use in a month. Of a pre-pay parent that much is moved when it is set and at each month start.
CREATE TABLE monthly_limits (
    tenant_id  uuid NOT NULL,
    account_id uuid NOT NULL,
    asset      text NOT NULL,
    amount     bigint NOT NULL CHECK (amount > 0),
    priority   integer NOT NULL CHECK (priority BETWEEN 1 AND 9999), -- low numbers first, when the parent is short
    period     char(7) NOT NULL CHECK (period ~ '^[0-9]{4}-[0-9]{2}$'), -- the latest month that was started, of the parent's calendar
    set_at     timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, account_id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
CREATE INDEX monthly_limits_by_turn ON monthly_limits (tenant_id, period, priority, set_at, account_id);
SELECT isolate('monthly_limits');

-- One row for each sub-account with a limit and each month, claimed before anything moves: a month starts once.
CREATE TABLE month_starts (
    tenant_id  uuid NOT NULL,
    account_id uuid NOT NULL,
    period     char(7) NOT NULL CHECK (period ~ '^[0-9]{4}-[0-9]{2}$'),
    -- due: what was unused has gone back, and its turn to be given comes; funded: the limit was moved; short: the parent had
    -- too little, it waits for money; capped: of a post-pay parent, nothing is moved; stopped: the account was not in use;
    -- missed: the month was over when its start was looked at
    state      text NOT NULL CHECK (state IN ('due', 'funded', 'short', 'capped', 'stopped', 'missed')),
    asset      text NOT NULL,
    amount     bigint NOT NULL CHECK (amount > 0), -- the limit, as it is now for this month
    most       bigint NOT NULL CHECK (most >= amount), -- the largest that it was this month
    priority   integer NOT NULL,
    set_at     timestamptz NOT NULL, -- of the limit: who comes first among those of one priority
    granted    bigint NOT NULL DEFAULT 0 CHECK (granted >= 0 AND granted <= most), -- moved for this month and not taken back
    returned   bigint NOT NULL DEFAULT 0 CHECK (returned >= 0), -- of the month before, at the start
    started_at timestamptz NOT NULL,
    funded_at  timestamptz,
    PRIMARY KEY (tenant_id, account_id, period),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id),
    CHECK (state <> 'missed' OR granted = 0)
);
CREATE INDEX month_starts_by_turn ON month_starts (tenant_id, period, state, priority, set_at, account_id);
SELECT isolate('month_starts');

-- A sub-account asks its parent for credit.
CREATE TABLE credit_requests (
    tenant_id    uuid NOT NULL,
    id           uuid NOT NULL,
    account_id   uuid NOT NULL,
    asset        text NOT NULL,
    amount       bigint CHECK (amount > 0), -- none: whatever the parent thinks right
    note         text NOT NULL DEFAULT '' CHECK (length(note) <= 200),
    requested_by text NOT NULL,
    requested_as uuid,
    requested_at timestamptz NOT NULL,
    answered_at  timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
CREATE UNIQUE INDEX credit_requests_open_key ON credit_requests (tenant_id, account_id) WHERE answered_at IS NULL;
CREATE INDEX credit_requests_open ON credit_requests (tenant_id, requested_at, id) WHERE answered_at IS NULL;
SELECT isolate('credit_requests');
