-- The ledger: wallets hold one asset each, amounts are whole millionths of its unit, and they move only by transfers
-- whose entries sum to zero. Posted transfers and entries never change.

-- +goose Up
CREATE TABLE wallets (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    account_id uuid NOT NULL,
    -- balance: what the account may spend; spent: what it paid for usage, the operator's revenue kept per account so
    -- that no row is hot for a whole tenant; outside: the world that money comes from, one per tenant
    kind       text NOT NULL CHECK (kind IN ('balance', 'spent', 'outside')),
    asset      text NOT NULL,
    balance    bigint NOT NULL DEFAULT 0,
    floor      bigint DEFAULT 0, -- NULL: may go below zero without end
    -- net of transfers with the parent: what a parent has given it and not taken back
    allocated  bigint NOT NULL DEFAULT 0,
    entries    bigint NOT NULL DEFAULT 0, -- how many; the number of the last one
    last_at    timestamptz, -- of the last one
    closed_at  timestamptz, -- of a deactivated or deleted account: nothing moves in or out
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, id, asset),
    UNIQUE (tenant_id, account_id, kind, asset),
    CHECK (floor IS NULL OR balance >= floor),
    CHECK ((kind = 'outside') = (floor IS NULL)),
    CHECK (kind <> 'outside' OR account_id = tenant_id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
) WITH (fillfactor = 70);
-- The list of sub-accounts in order of balance and of last activity.
CREATE INDEX wallets_by_balance ON wallets (tenant_id, balance, account_id) WHERE kind = 'balance';
CREATE INDEX wallets_by_last_at ON wallets (tenant_id, (coalesce(last_at, '-infinity')), account_id) WHERE kind = 'spent';

CREATE TABLE transfers (
    tenant_id uuid NOT NULL,
    id        uuid NOT NULL,
    kind      text NOT NULL CHECK (kind IN ('payment', 'transfer', 'transfer_back', 'charge', 'refund', 'reversal')),
    note      text NOT NULL DEFAULT '' CHECK (length(note) <= 200),
    reference text NOT NULL DEFAULT '' CHECK (length(reference) <= 120),
    posted_at timestamptz NOT NULL,
    reverses  uuid,
    PRIMARY KEY (tenant_id, id),
    CHECK ((kind = 'reversal') = (reverses IS NOT NULL)),
    FOREIGN KEY (tenant_id, reverses) REFERENCES transfers (tenant_id, id)
);
-- A transfer is reversed at most once.
CREATE UNIQUE INDEX transfers_reverses_key ON transfers (tenant_id, reverses) WHERE reverses IS NOT NULL;
-- Money received is listed by itself.
CREATE INDEX transfers_payments ON transfers (tenant_id, posted_at, id) WHERE kind = 'payment';
-- Money received by other means is booked once under its reference.
CREATE UNIQUE INDEX transfers_payment_reference_key ON transfers (tenant_id, reference) WHERE kind = 'payment' AND reference <> '';

CREATE TABLE entries (
    tenant_id     uuid NOT NULL,
    wallet_id     uuid NOT NULL,
    number        bigint NOT NULL, -- 1, 2, 3 … within the wallet
    transfer_id   uuid NOT NULL,
    asset         text NOT NULL,
    amount        bigint NOT NULL CHECK (amount <> 0),
    balance_after bigint NOT NULL,
    posted_at     timestamptz NOT NULL,
    -- two changes that read the same balance would write the same number: one of them is refused
    PRIMARY KEY (tenant_id, wallet_id, number),
    FOREIGN KEY (tenant_id, wallet_id, asset) REFERENCES wallets (tenant_id, id, asset),
    FOREIGN KEY (tenant_id, transfer_id) REFERENCES transfers (tenant_id, id)
);
CREATE INDEX entries_by_transfer ON entries (tenant_id, transfer_id);
-- A balance as of a moment is the last entry before it.
CREATE INDEX entries_by_time ON entries (tenant_id, wallet_id, posted_at, number);

-- Usage, each charged by a transfer, once per reference.
CREATE TABLE charges (
    tenant_id   uuid NOT NULL,
    id          uuid NOT NULL,
    account_id  uuid NOT NULL, -- who used it
    payer_id    uuid NOT NULL, -- whose balance paid
    transfer_id uuid, -- none when it cost nothing
    kind        text NOT NULL CHECK (kind IN ('message', 'call', 'number', 'keyword')),
    country     char(2) NOT NULL,
    quantity    bigint NOT NULL CHECK (quantity > 0),
    parts       bigint NOT NULL CHECK (parts >= 0),
    asset       text NOT NULL,
    amount      bigint NOT NULL CHECK (amount >= 0),
    reference   text NOT NULL CHECK (length(reference) BETWEEN 1 AND 120),
    charged_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, account_id, reference),
    CHECK ((amount > 0) = (transfer_id IS NOT NULL)),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id),
    FOREIGN KEY (tenant_id, payer_id) REFERENCES accounts (tenant_id, id),
    -- the row claims the reference before its transfer is posted
    FOREIGN KEY (tenant_id, transfer_id) REFERENCES transfers (tenant_id, id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX charges_by_time ON charges (tenant_id, charged_at);
CREATE INDEX charges_by_account ON charges (tenant_id, account_id, charged_at);
CREATE INDEX charges_by_transfer ON charges (tenant_id, transfer_id) WHERE transfer_id IS NOT NULL;

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON transfers FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON charges FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- +goose StatementBegin
CREATE FUNCTION entries_sum_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT sum(amount) FROM entries WHERE tenant_id = NEW.tenant_id AND transfer_id = NEW.transfer_id AND asset = NEW.asset) <> 0 THEN
        RAISE EXCEPTION 'the entries of transfer % do not sum to zero', NEW.transfer_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE CONSTRAINT TRIGGER entries_sum_to_zero AFTER INSERT ON entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION entries_sum_to_zero();
