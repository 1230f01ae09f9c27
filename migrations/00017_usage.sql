-- Usage added up, for reports that read no messages. Whatever counts usage writes what changed, in its own transaction; a job
-- adds that to the rows below. A report reads both, so that it is right at any moment.

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
);
SELECT isolate('usage_changes');
