-- Who else may use what an account has, the Sender IDs that messages come from, and what of the menu a sub-account gets.

-- +goose Up
-- How a resource (Sender ID, group, package) of a parent account is shared; one without a row is for its own account only.
CREATE TABLE sharings (
    tenant_id  uuid NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('sender_id', 'group', 'package')),
    id         uuid NOT NULL, -- of the resource
    setting    text NOT NULL CHECK (setting IN ('only_me', 'public', 'custom')),
    version    integer NOT NULL DEFAULT 1, -- counts changes, so that a stale form is refused
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, kind, id)
);
CREATE INDEX sharings_public ON sharings (tenant_id, kind, id) WHERE setting = 'public';
SELECT isolate('sharings');

-- With whom, where the setting is Custom.
CREATE TABLE shares (
    tenant_id   uuid NOT NULL,
    kind        text NOT NULL,
    resource_id uuid NOT NULL,
    account_id  uuid NOT NULL,
    may         text NOT NULL CHECK (may IN ('use', 'edit')),
    since       timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, kind, resource_id, account_id),
    CHECK (account_id <> tenant_id), -- with sub-accounts only
    FOREIGN KEY (tenant_id, kind, resource_id) REFERENCES sharings (tenant_id, kind, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
CREATE INDEX shares_by_account ON shares (tenant_id, account_id, kind, resource_id);
SELECT isolate('shares');

-- A Sender ID is used once staff approved it. An account's registered mobile is its default and needs no row.
CREATE TABLE sender_ids (
    tenant_id    uuid NOT NULL,
    id           uuid NOT NULL,
    account_id   uuid NOT NULL,
    name         text NOT NULL CHECK (name ~ '^(\+[0-9]{5,15}|[A-Za-z0-9 ]{1,11})$'), -- letters and digits, or a number in E.164
    name_key     text COLLATE "C" GENERATED ALWAYS AS (lower(name COLLATE "C")) STORED,
    purpose      text NOT NULL DEFAULT '' CHECK (length(purpose) <= 300),
    status       text NOT NULL CHECK (status IN ('requested', 'approved', 'refused', 'withdrawn')),
    requested_by text NOT NULL,
    requested_as uuid,
    requested_at timestamptz NOT NULL,
    decided_by   text NOT NULL DEFAULT '',
    decided_as   uuid,
    decided_at   timestamptz,
    reason       text NOT NULL DEFAULT '' CHECK (length(reason) <= 300),
    version      integer NOT NULL DEFAULT 1, -- counts edits, so that a stale form is refused
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
CREATE INDEX sender_ids_by_account ON sender_ids (tenant_id, account_id, id);
CREATE INDEX sender_ids_by_status ON sender_ids (tenant_id, status, id);
CREATE UNIQUE INDEX sender_ids_name_key ON sender_ids (tenant_id, account_id, name_key) WHERE status IN ('requested', 'approved');
-- Staff decide on them oldest first, and see who else has the name.
CREATE INDEX sender_ids_requested ON sender_ids (requested_at, id) WHERE status = 'requested';
CREATE INDEX sender_ids_of_name ON sender_ids (name_key) WHERE status = 'approved';
SELECT isolate('sender_ids');

-- What a sub-account gets of a part of the menu; one without a row is full. The draft counts once it is published.
CREATE TABLE feature_access (
    tenant_id  uuid NOT NULL,
    account_id uuid NOT NULL,
    feature    text NOT NULL,
    access     text NOT NULL CHECK (access IN ('full', 'view', 'hidden')),
    draft      text CHECK (draft IN ('full', 'view', 'hidden')),
    PRIMARY KEY (tenant_id, account_id, feature),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
SELECT isolate('feature_access');
