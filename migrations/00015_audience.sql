-- The audience: contacts of an account, the groups they are in, and who asked not to be written to any more.

-- +goose Up
CREATE TABLE groups (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    account_id uuid NOT NULL,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    fields     text[] NOT NULL DEFAULT '{}', -- names of the custom fields, in the order of their columns
    members    bigint NOT NULL DEFAULT 0 CHECK (members >= 0),
    version    integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
CREATE INDEX groups_by_account ON groups (tenant_id, account_id, id) WHERE deleted_at IS NULL;
SELECT isolate('groups');

-- One contact of a number in an account, in any number of its groups.
CREATE TABLE contacts (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    account_id uuid NOT NULL,
    number     text NOT NULL CHECK (number ~ '^\+[0-9]{5,15}$'),
    country    char(2) NOT NULL, -- of the number
    name       text NOT NULL DEFAULT '' CHECK (length(name) <= 120),
    fields     jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, account_id, number),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
SELECT isolate('contacts');

CREATE TABLE group_members (
    tenant_id  uuid NOT NULL,
    group_id   uuid NOT NULL,
    contact_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, group_id, contact_id),
    FOREIGN KEY (tenant_id, group_id) REFERENCES groups (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id)
);
CREATE INDEX group_members_by_contact ON group_members (tenant_id, contact_id);
SELECT isolate('group_members');

-- Who asked an account not to be written to, by the number.
CREATE TABLE opt_outs (
    tenant_id  uuid NOT NULL,
    account_id uuid NOT NULL,
    number     text NOT NULL CHECK (number ~ '^\+[0-9]{5,15}$'),
    source     text NOT NULL CHECK (source IN ('inbound', 'page', 'import')),
    since      timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, account_id, number),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
SELECT isolate('opt_outs');
