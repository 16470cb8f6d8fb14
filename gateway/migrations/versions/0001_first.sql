-- The municipalities, their host names, and who may log in. Run as the owner of the database.

CREATE SCHEMA IF NOT EXISTS gateway;

CREATE TABLE gateway.tenant (
    name text PRIMARY KEY CHECK (name ~ '^[a-z](-?[a-z0-9]){1,39}$'),
    naam text NOT NULL CHECK (naam <> ''),
    rsin text NOT NULL CHECK (rsin ~ '^[0-9]{9}$'),
    hosts text[] NOT NULL DEFAULT '{}',
    -- Whose web pages may call the APIs from a browser, such as https://mijn.deventer.nl.
    origins text[] NOT NULL DEFAULT '{}',
    -- Empty: that of the installation.
    time_zone text NOT NULL DEFAULT ''
);

-- A client without a secret can only log in with a token of an issuer of its municipality.
CREATE TABLE gateway.client (
    tenant text NOT NULL REFERENCES gateway.tenant ON DELETE CASCADE ON UPDATE CASCADE,
    client_id text NOT NULL CHECK (client_id <> ''),
    secret_encrypted text,
    label text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, client_id)
);

CREATE TABLE gateway.issuer (
    tenant text NOT NULL REFERENCES gateway.tenant ON DELETE CASCADE ON UPDATE CASCADE,
    iss text NOT NULL CHECK (iss <> ''),
    jwks_or_pem text NOT NULL,
    algorithms text[] NOT NULL CHECK (cardinality(algorithms) > 0 AND algorithms <@ ARRAY['RS256', 'ES256', 'PS256']),
    PRIMARY KEY (tenant, iss)
);

-- The municipalities of which the erasure is under way: what is in the database is gone, their documents may not be.
CREATE TABLE gateway.erasure (
    tenant text PRIMARY KEY,
    began timestamptz NOT NULL DEFAULT now(),
    documents bigint NOT NULL,
    removed bigint NOT NULL DEFAULT 0
);

-- The role is made here without a login when nobody made it before; who runs the gateway gives it its password.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'samenzaak_gateway') THEN
        CREATE ROLE samenzaak_gateway NOLOGIN;
    END IF;
END
$$;

GRANT USAGE ON SCHEMA gateway TO samenzaak_gateway;
GRANT SELECT ON gateway.tenant, gateway.client, gateway.issuer TO samenzaak_gateway;
