-- The operator's catalogue: what a part of a message costs by destination, and the packages on sale. What a tenant has bought
-- of it is kept with the tenant, as it was sold.

-- +goose Up
-- What a part costs from a moment on, until the next line of its currency and country.
CREATE TABLE rates (
    currency       char(3) NOT NULL,
    country        char(2) NOT NULL,
    effective_from timestamptz NOT NULL,
    price          bigint NOT NULL CHECK (price >= 0), -- millionths of the currency
    PRIMARY KEY (currency, country, effective_from)
);

-- What is on sale: units of one kind, for so many days after purchase, in these countries ('{}': everywhere).
CREATE TABLE package_offers (
    id            uuid PRIMARY KEY,
    name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    units         bigint NOT NULL CHECK (units BETWEEN 1 AND 1000000000),
    validity_days integer NOT NULL CHECK (validity_days BETWEEN 1 AND 3660),
    countries     char(2)[] NOT NULL DEFAULT '{}',
    on_sale       boolean NOT NULL,
    version       integer NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL
);
CREATE TABLE package_prices (
    offer_id uuid NOT NULL REFERENCES package_offers (id),
    currency char(3) NOT NULL,
    price    bigint NOT NULL CHECK (price >= 0),
    PRIMARY KEY (offer_id, currency)
);

-- A package of an account, as it was bought or granted; its units are wallets with the asset 'units:' and its id.
CREATE TABLE packages (
    tenant_id   uuid NOT NULL,
    id          uuid NOT NULL,
    account_id  uuid NOT NULL,
    offer_id    uuid REFERENCES package_offers (id),
    name        text NOT NULL,
    units       bigint NOT NULL CHECK (units > 0),
    countries   char(2)[] NOT NULL,
    source      text NOT NULL CHECK (source IN ('bought', 'granted')),
    currency    char(3) NOT NULL,
    price       bigint NOT NULL CHECK (price >= 0),
    acquired_at timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    expired_at  timestamptz, -- when what was left of it was taken
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
CREATE INDEX packages_by_account ON packages (tenant_id, account_id, acquired_at, id);
CREATE INDEX packages_to_expire ON packages (expires_at, tenant_id, id) WHERE expired_at IS NULL;
SELECT isolate('packages');
