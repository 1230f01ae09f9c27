-- The body of a message with a password, link or code in it is sealed (services/secrets) until it is delivered. Messages
-- that were written before this step keep theirs in body.

-- +goose Up
ALTER TABLE outbox ADD COLUMN sealed bytea,
    ADD CONSTRAINT outbox_sealed_is_secret CHECK (sealed IS NULL OR secret AND body = '') NOT VALID;
