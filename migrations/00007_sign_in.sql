-- Sign-in under attack: how often something was tried, the browsers that people are known by, and forgotten passwords.

-- +goose Up
-- Who tries is often nobody's user, so this table belongs to the installation. Keys are hashes; it says nothing of people.
CREATE TABLE limits (
    key     bytea PRIMARY KEY,
    tries   integer NOT NULL CHECK (tries >= 0),
    ends_at timestamptz NOT NULL -- the count begins anew
);
CREATE INDEX limits_by_end ON limits (ends_at);

-- A browser at which a user once gave the right password. It opens nothing; it is only not held up by what others try.
CREATE TABLE devices (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    user_id    uuid NOT NULL,
    hash       bytea NOT NULL, -- of the browser's secret and the e-mail: two users' rows of one browser do not show that
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, user_id, hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
);
-- looked for before anybody looks for the user, so that what takes place does not tell whether there is one
CREATE INDEX devices_by_hash ON devices (hash);
CREATE INDEX devices_by_expiry ON devices (expires_at);
SELECT isolate('devices');

-- A link by which a user who forgot the password chooses another. A user has one at a time; the newest ends the others.
CREATE TABLE password_links (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    user_id    uuid NOT NULL,
    token_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at   timestamptz, -- used, or replaced by a newer one
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, token_hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
);
CREATE UNIQUE INDEX password_links_open_key ON password_links (tenant_id, user_id) WHERE ended_at IS NULL;
CREATE INDEX password_links_by_expiry ON password_links (expires_at);
SELECT isolate('password_links');
