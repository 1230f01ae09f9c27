-- The body of a message with a password, link or code in it is sealed (services/secrets) until it is delivered. Messages
-- that were written before this step keep theirs in body.
--
-- Not one transaction, so that the indexes are made while others write. Each statement may run again after a failure.

-- +goose NO TRANSACTION
-- +goose Up
ALTER TABLE outbox ADD COLUMN IF NOT EXISTS sealed bytea;
ALTER TABLE outbox DROP CONSTRAINT IF EXISTS outbox_sealed_is_secret,
    ADD CONSTRAINT outbox_sealed_is_secret CHECK (sealed IS NULL OR secret AND body = '') NOT VALID;
-- What is sealed is found when keys are exchanged, what waits when metrics are read; most rows are neither.
DROP INDEX IF EXISTS outbox_sealed;
CREATE INDEX CONCURRENTLY outbox_sealed ON outbox (tenant_id, id) WHERE sealed IS NOT NULL;
DROP INDEX IF EXISTS outbox_waiting;
CREATE INDEX CONCURRENTLY outbox_waiting ON outbox (created_at, id) WHERE status = 'waiting';
