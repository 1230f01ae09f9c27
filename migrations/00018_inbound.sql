-- Inbound: the numbers that people write to, what they wrote, and what is answered by itself.

-- +goose Up
-- Whose a number is. It belongs to one account of the installation, and is looked for before anybody knows the tenant.
CREATE TABLE inbound_numbers (
    number      text COLLATE "C" PRIMARY KEY CHECK (number ~ '^\+[0-9]{5,15}$'),
    tenant_id   uuid NOT NULL,
    account_id  uuid NOT NULL,
    assigned_by text NOT NULL,
    assigned_as uuid,
    assigned_at timestamptz NOT NULL,
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
CREATE INDEX inbound_numbers_by_account ON inbound_numbers (tenant_id, account_id, number);
SELECT isolate('inbound_numbers');

-- How messages are answered by themselves, the rules in their order.
CREATE TABLE reply_rules (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    account_id uuid NOT NULL,
    number     text NOT NULL DEFAULT '', -- the one written to; '': any of the account
    kind       text NOT NULL CHECK (kind IN ('exact', 'prefix', 'default')),
    keyword    text NOT NULL CHECK (length(keyword) <= 160), -- as typed; '' of default
    keyword_key text NOT NULL, -- as it is compared
    reply      text NOT NULL CHECK (length(reply) BETWEEN 1 AND 1600),
    position   integer NOT NULL,
    paused     boolean NOT NULL DEFAULT false,
    version    integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id),
    CHECK ((kind = 'default') = (keyword_key = ''))
);
CREATE UNIQUE INDEX reply_rules_order_key ON reply_rules (tenant_id, account_id, position);
SELECT isolate('reply_rules');

-- What came in. Ids are in the order of the time at which it did.
CREATE TABLE inbound_messages (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    account_id uuid NOT NULL,
    number     text COLLATE "C" NOT NULL, -- written to
    sender     text COLLATE "C" NOT NULL CHECK (length(sender) <= 32),
    body       text NOT NULL CHECK (length(body) <= 5000),
    gateway    text NOT NULL,
    gateway_id text NOT NULL, -- the gateway's own name for it: the same again is the same message
    sent_at    timestamptz NOT NULL, -- as the gateway says
    meaning    text NOT NULL CHECK (meaning IN ('stop', 'start', 'help', 'rule', 'none')),
    rule_id    uuid, -- that answered; it may be gone
    keyword    text NOT NULL DEFAULT '', -- of the rule as it was
    reply      text NOT NULL DEFAULT '', -- what was to be answered
    reply_id   uuid, -- the message that answered
    problem    text NOT NULL DEFAULT '', -- a sentence: why nothing was answered
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id),
    CHECK (reply_id IS NULL OR problem = '')
);
CREATE UNIQUE INDEX inbound_messages_gateway_key ON inbound_messages (tenant_id, gateway, gateway_id);
CREATE INDEX inbound_messages_by_account ON inbound_messages (tenant_id, account_id, id);
CREATE INDEX inbound_messages_by_sender ON inbound_messages (tenant_id, account_id, sender, id);
SELECT isolate('inbound_messages');
