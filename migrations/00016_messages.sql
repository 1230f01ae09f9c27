-- Messages: what an account sends at once (a send), whom it goes to, and each message of it with what paid for it and what
-- became of it. Messages are in parts by month; their ids are UUIDv7, whose order is that of the time of acceptance.

-- +goose Up
CREATE TABLE sends (
    tenant_id   uuid NOT NULL,
    id          uuid NOT NULL,
    account_id  uuid NOT NULL,
    created_by  text NOT NULL,
    created_as  uuid,
    user_id     uuid, -- none for the installation itself
    sender      text NOT NULL, -- as the phone shows it
    sender_id   uuid, -- none: the registered mobile
    group_id    uuid, -- none: numbers typed or uploaded
    body        text NOT NULL,
    encoding    text NOT NULL CHECK (encoding IN ('gsm7', 'ucs2')),
    parts       smallint NOT NULL CHECK (parts BETWEEN 1 AND 99),
    -- collecting whom it goes to; ready to be looked at and started; running; paused by a person; blocked by a rule that
    -- refused payment or use; done; cancelled
    status      text NOT NULL CHECK (status IN ('collecting', 'ready', 'running', 'paused', 'blocked', 'done', 'cancelled')),
    held        boolean NOT NULL DEFAULT false, -- what is accepted is not handed over either
    problem     text NOT NULL DEFAULT '', -- of blocked: the code of the rule
    reason      text NOT NULL DEFAULT '', -- of blocked: the rule's sentence
    run         integer NOT NULL DEFAULT 0, -- counts starts and continuations: the job of an earlier one ends
    prices      jsonb, -- decided when it was started: price per part by country, in millionths of the currency
    currency    char(3) NOT NULL,
    rows        bigint NOT NULL DEFAULT 0, -- positions given out: what was typed, uploaded or taken from the group
    recipients  bigint NOT NULL DEFAULT 0, -- good ones
    refused     bigint NOT NULL DEFAULT 0, -- of what was typed or uploaded
    duplicates  bigint NOT NULL DEFAULT 0, -- numbers that were there already
    unfinished_since timestamptz, -- while what was typed or uploaded is being read; one that stays so was cut off
    collected   uuid, -- the contact of the group up to which it has come
    position    bigint NOT NULL DEFAULT 0, -- of the last recipient that was handled
    handled     bigint NOT NULL DEFAULT 0, -- recipients that became messages or were skipped
    skipped     bigint NOT NULL DEFAULT 0, -- opted out meanwhile, or without a price
    created_at  timestamptz NOT NULL,
    started_at  timestamptz,
    ended_at    timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
CREATE INDEX sends_by_account ON sends (tenant_id, account_id, id);
CREATE INDEX sends_unfinished ON sends (unfinished_since) WHERE unfinished_since IS NOT NULL;
SELECT isolate('sends');

-- Whom a send goes to, in order, each number once; rows that were refused say why.
CREATE TABLE send_recipients (
    tenant_id uuid NOT NULL,
    send_id   uuid NOT NULL,
    position  bigint NOT NULL,
    source    text NOT NULL CHECK (source IN ('typed', 'file', 'group')),
    line      bigint NOT NULL, -- of what was typed or of the file; 0 from a group
    number    text NOT NULL, -- E.164, or what was typed where it is refused
    country   char(2), -- none where it is refused
    problem   text NOT NULL DEFAULT '', -- why it is refused or was skipped; '': good
    PRIMARY KEY (tenant_id, send_id, position),
    FOREIGN KEY (tenant_id, send_id) REFERENCES sends (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX send_recipients_number_key ON send_recipients (tenant_id, send_id, number) WHERE country IS NOT NULL;
-- What is told of them: rows that were refused, and who was skipped.
CREATE INDEX send_recipients_problem ON send_recipients (tenant_id, send_id, position) WHERE problem <> '';
SELECT isolate('send_recipients');

CREATE TABLE messages (
    tenant_id   uuid NOT NULL,
    id          uuid NOT NULL,
    account_id  uuid NOT NULL,
    send_id     uuid, -- none for a reply
    reply_to    uuid, -- the inbound message that a rule answered
    sender      text NOT NULL,
    recipient   text NOT NULL,
    country     char(2) NOT NULL,
    body        text NOT NULL,
    encoding    text NOT NULL CHECK (encoding IN ('gsm7', 'ucs2')),
    parts       smallint NOT NULL CHECK (parts BETWEEN 1 AND 99),
    -- queued: accepted and paid; sending: being handed over; unconfirmed: handed over, but the gateway did not answer;
    -- sent: the gateway has it; then delivered or failed. cancelled before it was handed over
    status      text NOT NULL CHECK (status IN ('queued', 'sending', 'unconfirmed', 'sent', 'delivered', 'failed', 'cancelled')),
    status_at   timestamptz NOT NULL,
    problem     text NOT NULL DEFAULT '', -- a sentence: why it failed
    gateway     text NOT NULL DEFAULT '',
    gateway_id  text NOT NULL DEFAULT '',
    tries       smallint NOT NULL DEFAULT 0,
    -- what paid: an account's balance (package_id NULL, amount in the currency) or units of a package (amount in units)
    payer_id    uuid NOT NULL,
    package_id  uuid,
    asset       text NOT NULL,
    amount      bigint NOT NULL CHECK (amount >= 0), -- millionths
    charge_id   uuid, -- the transfer that paid, with others of its slice; none where it cost nothing
    refund_id   uuid, -- the transfer that gave it back
    accepted_at timestamptz NOT NULL,
    CHECK (refund_id IS NULL OR status IN ('failed', 'cancelled'))
) PARTITION BY RANGE (id);
CREATE INDEX messages_by_account ON messages (tenant_id, account_id, id);
CREATE INDEX messages_by_send ON messages (tenant_id, send_id, id) WHERE send_id IS NOT NULL;
CREATE INDEX messages_by_recipient ON messages (tenant_id, recipient, id);
CREATE INDEX messages_by_charge ON messages (tenant_id, charge_id) WHERE charge_id IS NOT NULL;
-- What is not settled yet, of a send and of all; most messages are.
CREATE INDEX messages_open ON messages (tenant_id, send_id, id) WHERE status IN ('queued', 'sending', 'unconfirmed');
CREATE INDEX messages_failed ON messages (tenant_id, account_id, id) WHERE status IN ('failed', 'cancelled', 'unconfirmed');
-- The key comes last: of indexes that seem to cost the same, which they do while a month is new and not analyzed yet,
-- PostgreSQL takes the one made last. By that of recipients it would read all messages of the tenant to find one by its id.
ALTER TABLE messages ADD PRIMARY KEY (tenant_id, id);
SELECT isolate('messages');
CREATE TABLE messages_other PARTITION OF messages DEFAULT;
SELECT isolate('messages_other');

-- The lowest UUIDv7 of a moment.
CREATE FUNCTION id_floor(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0') || '70000000000000000000')::uuid;

-- Makes the part for a month (its first day) unless it is there. It runs as the owner: the portal makes no tables.
-- +goose StatementBegin
CREATE FUNCTION prepare_messages(month date) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    part text := 'messages_' || to_char(month, 'YYYY_MM');
BEGIN
    IF to_regclass(part) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I PARTITION OF messages FOR VALUES FROM (%L) TO (%L)', part,
        id_floor(month::timestamp AT TIME ZONE 'UTC'), id_floor((month + interval '1 month')::timestamp AT TIME ZONE 'UTC'));
    PERFORM isolate(part::regclass);
    RETURN true;
END $$;
-- +goose StatementEnd
SELECT prepare_messages((date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => n))::date) FROM generate_series(-3, 3) n;
