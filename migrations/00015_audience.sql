-- The audience: contacts of an account, the groups they are in, files of contacts under way, and who asked not to be written
-- to any more. What is looked for by its beginning is compared byte by byte, so that a policy lets an index serve it.

-- +goose Up
CREATE TABLE groups (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    account_id uuid NOT NULL,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    name_key   text COLLATE "und-x-icu" GENERATED ALWAYS AS (lower(name COLLATE "und-x-icu")) STORED,
    fields     text[] NOT NULL DEFAULT '{}', -- names of the custom fields, in the order of their columns
    members    bigint NOT NULL DEFAULT 0 CHECK (members >= 0),
    version    integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
CREATE INDEX groups_by_account ON groups (tenant_id, account_id, id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX groups_name_key ON groups (tenant_id, account_id, name_key) WHERE deleted_at IS NULL;
SELECT isolate('groups');

-- One contact of a number in an account, in any number of its groups; in none it is deleted.
CREATE TABLE contacts (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    account_id uuid NOT NULL,
    number     text COLLATE "C" NOT NULL CHECK (number ~ '^\+[0-9]{5,15}$'),
    country    char(2) NOT NULL, -- of the number
    name       text NOT NULL DEFAULT '' CHECK (length(name) <= 120),
    name_key   text COLLATE "C" GENERATED ALWAYS AS (lower(name COLLATE "und-x-icu")) STORED,
    fields     jsonb NOT NULL DEFAULT '{}',
    version    integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, account_id, number),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
CREATE INDEX contacts_by_name ON contacts (tenant_id, account_id, name_key, id);
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
    number     text COLLATE "C" NOT NULL CHECK (number ~ '^\+[0-9]{5,15}$'),
    source     text NOT NULL CHECK (source IN ('inbound', 'page', 'import')),
    since      timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, account_id, number),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
SELECT isolate('opt_outs');

-- A file of contacts: read first, looked at by a person, then applied in the background.
CREATE TABLE contact_imports (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL,
    group_id      uuid NOT NULL,
    account_id    uuid NOT NULL, -- whose contacts they become
    file_name     text NOT NULL CHECK (length(file_name) <= 200),
    columns       text[] NOT NULL, -- the file's first row
    number_column integer NOT NULL,
    name_column   integer NOT NULL, -- -1: none
    status        text NOT NULL CHECK (status IN ('reading', 'ready', 'running', 'done', 'stopped')),
    rows          bigint NOT NULL DEFAULT 0, -- read, without the first and empty ones
    refused       bigint NOT NULL DEFAULT 0,
    last_row      bigint NOT NULL DEFAULT 0, -- up to which it was applied
    applied       bigint NOT NULL DEFAULT 0, -- rows, those of the same number counted each
    fresh         bigint NOT NULL DEFAULT 0, -- contacts that were not there
    joined        bigint NOT NULL DEFAULT 0, -- contacts that were not in the group
    created_by    text NOT NULL,
    created_as    uuid,
    created_at    timestamptz NOT NULL,
    started_at    timestamptz,
    ended_at      timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, group_id) REFERENCES groups (tenant_id, id)
);
CREATE INDEX contact_imports_by_group ON contact_imports (tenant_id, group_id, id);
CREATE INDEX contact_imports_by_time ON contact_imports (created_at);
SELECT isolate('contact_imports');

-- Its rows: good ones until they are applied, refused ones for the file that says why.
CREATE TABLE contact_import_rows (
    tenant_id uuid NOT NULL,
    import_id uuid NOT NULL,
    row       bigint NOT NULL, -- as spreadsheets count
    contact   uuid, -- the id that the contact gets if it is new; none where the row is refused
    number    text NOT NULL, -- E.164, or what stood there
    country   char(2),
    name      text NOT NULL,
    fields    jsonb NOT NULL,
    problem   text NOT NULL, -- '': good
    PRIMARY KEY (tenant_id, import_id, row),
    CHECK ((contact IS NULL) = (problem <> '')),
    CHECK (problem <> '' OR country IS NOT NULL)
);
CREATE INDEX contact_import_rows_refused ON contact_import_rows (tenant_id, import_id, row) WHERE problem <> '';
SELECT isolate('contact_import_rows');
