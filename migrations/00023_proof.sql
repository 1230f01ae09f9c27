-- What the check of the books found, tenant by tenant, and whose money stands still because of it.

-- +goose Up
CREATE TABLE book_checks (
    tenant_id  uuid NOT NULL PRIMARY KEY,
    checked_at timestamptz NOT NULL, -- everything up to then, less a little, was right or stands in faults
    whole_at   timestamptz, -- when all of it was last looked at, from the beginning
    rows       bigint NOT NULL, -- that the last check looked at
    faults     text[] NOT NULL DEFAULT '{}',
    FOREIGN KEY (tenant_id, tenant_id) REFERENCES accounts (tenant_id, id)
);
SELECT isolate('book_checks');

-- A tenant that stands here moves nothing.
CREATE TABLE freezes (
    tenant_id uuid NOT NULL PRIMARY KEY,
    frozen_at timestamptz NOT NULL,
    reason    text NOT NULL,
    FOREIGN KEY (tenant_id, tenant_id) REFERENCES accounts (tenant_id, id)
);
SELECT isolate('freezes');
