-- What each municipality asks, by month. Gateways only add, through a function; nobody but the owner reads.
CREATE TABLE gateway.usage (
    tenant text NOT NULL REFERENCES gateway.tenant (name) ON DELETE CASCADE ON UPDATE CASCADE,
    month date NOT NULL,
    requests bigint NOT NULL DEFAULT 0,
    writes bigint NOT NULL DEFAULT 0,
    -- The number of different users, once the month is closed; until then they are in usage_user.
    users bigint,
    -- The key with which their names are hashed: of this municipality in this month, and gone when the month is closed.
    key bytea DEFAULT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()),
    PRIMARY KEY (tenant, month)
);

CREATE TABLE gateway.usage_user (
    tenant text NOT NULL,
    month date NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (tenant, month, hash),
    FOREIGN KEY (tenant, month) REFERENCES gateway.usage ON DELETE CASCADE ON UPDATE CASCADE
);

ALTER TABLE gateway.usage ENABLE ROW LEVEL SECURITY;
ALTER TABLE gateway.usage_user ENABLE ROW LEVEL SECURITY;

-- Adds what one gateway counted for one municipality. At most 100,000 users of a month are told apart: names are for a
-- client to choose. Nothing is added to a municipality that was erased.
CREATE FUNCTION gateway.add_usage(of_tenant text, of_month date, asked bigint, written bigint, names text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    secret bytea;
    known bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM gateway.tenant WHERE name = of_tenant) THEN
        RETURN;
    END IF;
    INSERT INTO gateway.usage AS u (tenant, month, requests, writes) VALUES (of_tenant, of_month, asked, written)
    ON CONFLICT (tenant, month) DO UPDATE
        SET requests = u.requests + excluded.requests, writes = u.writes + excluded.writes
    RETURNING u.key INTO secret;
    IF secret IS NULL OR cardinality(names) = 0 THEN
        RETURN;
    END IF;
    SELECT count(*) INTO known FROM gateway.usage_user u WHERE u.tenant = of_tenant AND u.month = of_month;
    INSERT INTO gateway.usage_user (tenant, month, hash)
    SELECT of_tenant, of_month, sha256(secret || convert_to(name, 'UTF8')) FROM unnest(names) AS name
    LIMIT greatest(100000 - known, 0)
    ON CONFLICT DO NOTHING;
END
$$;

-- Counts the users of the months before this one, and forgets who they were.
CREATE FUNCTION gateway.close_usage(before date) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE gateway.usage u SET key = NULL, users = (
        SELECT count(*) FROM gateway.usage_user n WHERE (n.tenant, n.month) = (u.tenant, u.month)
    ) WHERE u.month < before AND u.key IS NOT NULL;
    DELETE FROM gateway.usage_user WHERE month < before;
$$;

REVOKE ALL ON FUNCTION gateway.add_usage(text, date, bigint, bigint, text[]), gateway.close_usage(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.add_usage(text, date, bigint, bigint, text[]), gateway.close_usage(date)
    TO samenzaak_gateway;
