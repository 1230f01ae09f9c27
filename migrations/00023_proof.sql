-- What the check of the books found, tenant by tenant, and whose money stands still because of it.

-- +goose Up
CREATE TABLE book_checks (
    tenant_id  uuid NOT NULL PRIMARY KEY,
    checked_at timestamptz, -- when the books were last looked at; none: somebody has asked for the first time
    checked_to timestamptz, -- what had happened by then was seen, so that the next check may begin a little before it
    rows       bigint NOT NULL DEFAULT 0, -- that the last check looked at
    whole_at   timestamptz, -- when all of it was last looked at, from the beginning
    whole_rows bigint NOT NULL DEFAULT 0,
    faults     jsonb NOT NULL DEFAULT '[]', -- that were found and that no whole check has found gone
    findings   bigint NOT NULL DEFAULT 0, -- how often any were found: a whole check that began before does not take them away
    asked_at   timestamptz, -- since when somebody waits for a whole check
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
