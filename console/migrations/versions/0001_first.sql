-- The role is made here without a login when nobody made it before; who runs the console gives it its password.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'samenzaak_console') THEN
        CREATE ROLE samenzaak_console NOLOGIN;
    END IF;
END
$$;

GRANT USAGE ON SCHEMA console TO samenzaak_console;

-- The accounts of operators. People of a municipality log in at its provider.
CREATE TABLE console.account (
    name text PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9._@-]{1,99}$'),
    display_name text NOT NULL,
    -- Argon2; empty until the first link was used.
    password_hash text NOT NULL DEFAULT '',
    -- Encrypted; empty until a second factor was set up.
    totp_encrypted text NOT NULL DEFAULT '',
    -- The time step of the last code that was taken: each code counts once.
    totp_step bigint NOT NULL DEFAULT 0,
    made timestamptz NOT NULL DEFAULT now(),
    disabled boolean NOT NULL DEFAULT false
);

-- A link that lets somebody in once. Only its hash is kept.
CREATE TABLE console.link (
    digest bytea PRIMARY KEY,
    -- Empty: an operator of the installation.
    tenant text NOT NULL,
    role text NOT NULL,
    user_id text NOT NULL,
    display_name text NOT NULL,
    expires timestamptz NOT NULL
);

CREATE TABLE console.session (
    -- SHA-256 of the cookie.
    digest bytea PRIMARY KEY,
    tenant text NOT NULL,
    role text NOT NULL,
    user_id text NOT NULL,
    display_name text NOT NULL,
    address text NOT NULL,
    made timestamptz NOT NULL DEFAULT now(),
    seen timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX session_of_person ON console.session (tenant, user_id);

-- Logins that failed lately, by account and by address.
CREATE UNLOGGED TABLE console.failure (
    about text NOT NULL,
    moment timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX failure_about ON console.failure (about, moment);

-- Who did what here that the audit trail of the standard does not have. Nobody changes or removes a row through the console.
CREATE TABLE console.beheerlog (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    moment timestamptz NOT NULL DEFAULT now(),
    -- Whose log it belongs to; empty: that of the installation.
    tenant text NOT NULL,
    role text NOT NULL,
    user_id text NOT NULL,
    display_name text NOT NULL,
    address text NOT NULL,
    request_id text NOT NULL,
    act text NOT NULL,
    subject text NOT NULL,
    reason text NOT NULL DEFAULT '',
    -- What changed, without secrets.
    old jsonb,
    new jsonb
);
CREATE INDEX beheerlog_of_tenant ON console.beheerlog (tenant, moment);

GRANT SELECT, INSERT, UPDATE, DELETE ON console.account, console.link, console.session, console.failure
    TO samenzaak_console;
GRANT SELECT, INSERT ON console.beheerlog TO samenzaak_console;

-- What the console shows of municipalities and their clients; never a secret.
GRANT USAGE ON SCHEMA gateway TO samenzaak_console;
GRANT SELECT (name, naam, rsin, hosts, origins, time_zone, profiel) ON gateway.tenant TO samenzaak_console;
GRANT SELECT (tenant, client_id, label) ON gateway.client TO samenzaak_console;
GRANT SELECT (tenant, client_id, name, made, expires) ON gateway.client_secret TO samenzaak_console;
