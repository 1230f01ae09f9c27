-- Messages that are being handed over, and those whose gateway did not answer, are found by how long they have been so: what
-- a process that died has left, and what never got its report. Most messages are neither.

-- +goose Up
CREATE INDEX messages_under_way ON messages (tenant_id, status_at) WHERE status IN ('sending', 'unconfirmed');
