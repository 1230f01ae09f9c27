-- The second factor of a user: an authenticator app and the recovery codes for the day it is lost; what a session still
-- has to show before it is a full one, and when its person last proved to be there.

-- +goose Up
ALTER TABLE sessions
    -- when the password or a code was last right in this session; NULL: when it began
    ADD COLUMN proved_at timestamptz,
    -- passwords and codes that were wrong in this session since the last right one
    ADD COLUMN wrong_tries integer NOT NULL DEFAULT 0 CHECK (wrong_tries BETWEEN 0 AND 5);
ALTER TABLE sessions DROP CONSTRAINT sessions_stage_check;
ALTER TABLE sessions ADD CONSTRAINT sessions_stage_check
    CHECK (stage IN ('activation', 'second_factor', 'new_password', 'full')) NOT VALID;
ALTER TABLE sessions VALIDATE CONSTRAINT sessions_stage_check;

-- from when on a password that somebody else chose is counted; NULL: when the user was added
ALTER TABLE users ADD COLUMN password_set_at timestamptz;

CREATE TABLE second_factors (
    tenant_id    uuid NOT NULL,
    id           uuid NOT NULL,
    user_id      uuid NOT NULL,
    secret       bytea NOT NULL, -- sealed for this row
    created_at   timestamptz NOT NULL,
    confirmed_at timestamptz, -- NULL while it is being set up
    -- the step (30 seconds) of the last code that was taken: a code is taken once
    last_step    bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
);
SELECT isolate('second_factors');

CREATE TABLE recovery_codes (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    user_id    uuid NOT NULL,
    code_hash  bytea NOT NULL,
    created_at timestamptz NOT NULL,
    used_at    timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, user_id, code_hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
);
SELECT isolate('recovery_codes');
