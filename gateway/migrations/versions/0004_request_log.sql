-- The last requests of each client. Unlogged: they cost no WAL, go to no replica, and are gone after a crash of PostgreSQL.
CREATE UNLOGGED TABLE gateway.request (
    moment timestamptz NOT NULL,
    tenant text NOT NULL,
    client_id text NOT NULL,
    -- 0: answered, 1: refused, 2: refused by its token, so that anybody may have sent it. Each kind has a bound of its own.
    kind smallint NOT NULL,
    method text NOT NULL,
    path text NOT NULL,
    query text NOT NULL,
    -- 0: the client left before it was answered.
    status smallint NOT NULL,
    milliseconds real NOT NULL,
    request_id text NOT NULL,
    trace_id text,
    code text,
    instance text,
    refusal jsonb
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.5);

CREATE INDEX request_of_client ON gateway.request (tenant, client_id, moment);
CREATE INDEX request_moment ON gateway.request (moment);

-- A gateway adds for every client, and reads those of the one client of one municipality that a transaction names.
ALTER TABLE gateway.request ENABLE ROW LEVEL SECURITY;
CREATE POLICY request_add ON gateway.request FOR INSERT TO samenzaak_gateway WITH CHECK (true);
CREATE POLICY request_read ON gateway.request FOR SELECT TO samenzaak_gateway USING (
    tenant = current_setting('samenzaak.tenant', true) AND client_id = current_setting('samenzaak.client_id', true)
);
GRANT INSERT, SELECT ON gateway.request TO samenzaak_gateway;

-- Removes a part of what is older than a day, and returns how many rows.
CREATE FUNCTION gateway.remove_old_requests() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH gone AS (
        DELETE FROM gateway.request WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM gateway.request WHERE moment < now() - interval '1 day' LIMIT 10000
        )) RETURNING 1
    ) SELECT count(*) FROM gone
$$;

-- Removes the oldest requests of one kind beyond the newest that are kept of a client.
CREATE FUNCTION gateway.shorten_requests(of_tenant text, of_client text, of_kind smallint, kept bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM gateway.request
    WHERE tenant = of_tenant AND client_id = of_client AND kind = of_kind AND moment < (
        SELECT moment FROM gateway.request
        WHERE tenant = of_tenant AND client_id = of_client AND kind = of_kind
        ORDER BY moment DESC OFFSET greatest(kept, 1) - 1 LIMIT 1
    )
$$;

REVOKE ALL ON FUNCTION gateway.remove_old_requests(), gateway.shorten_requests(text, text, smallint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gateway.remove_old_requests(), gateway.shorten_requests(text, text, smallint, bigint)
    TO samenzaak_gateway;

-- Who gets a client_id after its client was removed does not read what that one asked.
CREATE FUNCTION gateway.forget_requests() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM gateway.request WHERE tenant = OLD.tenant AND client_id = OLD.client_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER forget_requests AFTER DELETE OR UPDATE OF tenant, client_id ON gateway.client
    FOR EACH ROW EXECUTE FUNCTION gateway.forget_requests();
