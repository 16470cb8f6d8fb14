-- Who saw which objects: a row for each request that showed some, in partitions of a month (docs/adr/0019).
-- The schemas of municipalities were made from this file: a change of the table is a migration, and not a change here.
CREATE TABLE reading_log (
    id bigint NOT NULL,
    moment timestamptz NOT NULL,
    trace_id uuid NOT NULL,
    request_id text NOT NULL,
    client_id text NOT NULL,
    user_id text NOT NULL,
    user_representation text NOT NULL,
    action text NOT NULL,
    -- What was asked for, as JSON: of values that may be a number of a person their hash.
    filters text,
    -- Those hashes once more, for who looks for them.
    searched uuid[],
    reason text NOT NULL,
    activity text NOT NULL,
    objects uuid[] NOT NULL,
    -- The main object of each, one for all of them, or none where each is its own.
    mains uuid[] NOT NULL,
    -- A byte for each object, or one for all of them: sixteen times its kind, and its level counted from 1.
    kinds bytea NOT NULL,
    -- How many of them were asked for; those that follow were shown by expand.
    direct integer NOT NULL
) PARTITION BY RANGE (moment);

CREATE INDEX reading_log_moment ON reading_log (moment);
CREATE INDEX reading_log_client ON reading_log (client_id, moment);
CREATE INDEX reading_log_user ON reading_log (user_id, moment);
CREATE INDEX reading_log_objects ON reading_log USING gin (objects, mains);
CREATE INDEX reading_log_searched ON reading_log USING gin (searched) WHERE searched IS NOT NULL;

-- The service, whose role may change all other tables of the schema, adds to this one and reads it.
CREATE FUNCTION reading_log_stays() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    RAISE EXCEPTION 'the reading log can only be added to' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER reading_log_stays BEFORE UPDATE OR DELETE ON reading_log
    FOR EACH ROW EXECUTE FUNCTION reading_log_stays();

-- Makes the partition of the month of a moment that is now, or soon. It is attached and not made as a partition, because
-- that would wait for who reads the log, and let all that is written wait too.
CREATE FUNCTION prepare_reading_log(of_moment timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '3s' AS $$
DECLARE
    first timestamptz := date_trunc('month', of_moment, 'UTC');
    beyond timestamptz := date_trunc('month', date_trunc('month', of_moment, 'UTC') + interval '40 days', 'UTC');
    part text := 'reading_log_' || to_char(first AT TIME ZONE 'UTC', 'YYYY_MM');
    whole text := quote_ident(current_schema()) || '.' || quote_ident(part);
BEGIN
    IF of_moment NOT BETWEEN now() - interval '40 days' AND now() + interval '40 days' THEN
        RAISE EXCEPTION USING MESSAGE = 'the reading log has no partition for ' || of_moment;
    END IF;
    IF to_regclass(whole) IS NULL THEN
        -- Rows of a list are larger than what is kept within a table by itself.
        EXECUTE 'CREATE TABLE ' || whole || ' (LIKE reading_log) WITH (toast_tuple_target = 8160)';
        EXECUTE 'ALTER TABLE reading_log ATTACH PARTITION ' || whole
            || ' FOR VALUES FROM (' || quote_literal(first) || ') TO (' || quote_literal(beyond) || ')';
    END IF;
END $$;

-- Removes the months that are longer ago than the municipality keeps them, and returns how many.
CREATE FUNCTION tidy_reading_log() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '3s' AS $$
DECLARE
    kept integer;
    part record;
    gone integer := 0;
BEGIN
    SELECT reading_log_months INTO kept FROM gateway.tenant
    WHERE replace(name, '-', '_') = regexp_replace(current_schema(), '_[a-z]+$', '');
    -- Nothing goes where nobody says how long it is kept, as in a copy.
    IF kept IS NULL THEN
        RETURN 0;
    END IF;
    FOR part IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'reading_log'::regclass
    LOOP
        IF to_date(right(part.relname, 7), 'YYYY_MM') + make_interval(months => kept + 1) <= now() AT TIME ZONE 'UTC' THEN
            EXECUTE 'DROP TABLE ' || quote_ident(current_schema()) || '.' || quote_ident(part.relname);
            gone := gone + 1;
        END IF;
    END LOOP;
    RETURN gone;
END $$;

REVOKE ALL ON FUNCTION prepare_reading_log(timestamptz), tidy_reading_log() FROM PUBLIC;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = current_schema()) THEN
        EXECUTE 'GRANT EXECUTE ON FUNCTION prepare_reading_log(timestamptz), tidy_reading_log() TO '
            || quote_ident(current_schema());
    END IF;
    PERFORM prepare_reading_log(now()), prepare_reading_log(now() + interval '1 month');
END $$
