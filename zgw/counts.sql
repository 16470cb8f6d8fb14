-- The SQL of counts.py. Names in braces are filled in there, for each table that is counted.

-- name: count_each
-- Adds to counts_delta what a row changes: {minus} what it was counted as, {plus} what it is counted as now.
CREATE FUNCTION count_{kind}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO counts_delta (kind, type, level, facts, block, number) {minus};
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO counts_delta (kind, type, level, facts, block, number) {plus};
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER {kind}_counts AFTER INSERT OR DELETE ON {kind} FOR EACH ROW EXECUTE FUNCTION count_{kind}();
CREATE TRIGGER {kind}_counts_changed AFTER UPDATE OF {columns} ON {kind} FOR EACH ROW
    WHEN (({old}) IS DISTINCT FROM ({new})) EXECUTE FUNCTION count_{kind}()

-- name: count_own
-- What one row counts as, for a table that has its own type and level.
VALUES ('{kind}', {row}.{type}, {row}.{level}, {facts}, {block}, {number})

-- name: count_under_main
-- What one row counts as below its main object. The lock makes a change of type or level of that wait, and the reverse.
SELECT '{kind}', m.{type}, m.{level}, {facts}, {block}, {number}
            FROM {main} m WHERE m.{key} = {row}.{reference} FOR KEY SHARE

-- name: count_all_below
-- Counts everything below a main object again when that disappears, or gets another type or level.
CREATE FUNCTION count_{kind}_below() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO counts_delta (kind, type, level, facts, block, number)
        SELECT '{kind}', OLD.{type}, OLD.{level}, {facts}, {block}, -count(*)
        FROM {kind} o WHERE o.{reference} = OLD.{key} GROUP BY 4, 5;
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO counts_delta (kind, type, level, facts, block, number)
            SELECT '{kind}', NEW.{type}, NEW.{level}, {facts}, {block}, count(*)
            FROM {kind} o WHERE o.{reference} = NEW.{key} GROUP BY 4, 5;
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER {main}_counts_{kind}_gone BEFORE DELETE ON {main}
    FOR EACH ROW EXECUTE FUNCTION count_{kind}_below();
CREATE TRIGGER {main}_counts_{kind}_moved AFTER UPDATE OF {type}, {level} ON {main}
    FOR EACH ROW WHEN (OLD.{type} <> NEW.{type} OR OLD.{level} <> NEW.{level})
    EXECUTE FUNCTION count_{kind}_below()

-- name: first_version
INSERT INTO counts_version VALUES (gen_random_uuid())

-- name: new_version
-- Tells whoever remembers sums of the totals that those are not right any more.
UPDATE counts_version SET version = gen_random_uuid()

-- name: new_version_with_each_change
CREATE FUNCTION renew_counts_version() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE counts_version SET version = gen_random_uuid();
    RETURN NULL;
END $$;
CREATE TRIGGER counts_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON counts
    FOR EACH STATEMENT EXECUTE FUNCTION renew_counts_version()

-- name: much_to_fold
-- Tells whether there are more than so many rows in counts_delta.
SELECT EXISTS (SELECT FROM counts_delta OFFSET $1)

-- name: fold
-- Adds counts_delta to the totals: one statement, so that every reader sees it before or after.
WITH loose AS (DELETE FROM counts_delta RETURNING *),
per_block AS (
    SELECT kind, type, level, facts, block, sum(number)::bigint AS n FROM loose GROUP BY kind, type, level, facts, block
)
INSERT INTO counts AS c (kind, type, level, facts, total, blocks, numbers)
SELECT kind, type, level, facts, sum(n), array_agg(block), array_agg(n) FROM per_block
GROUP BY kind, type, level, facts ORDER BY kind, type, level, facts
ON CONFLICT (kind, type, level, facts) DO UPDATE SET total = c.total + excluded.total, (blocks, numbers) = (
    SELECT coalesce(array_agg(block ORDER BY block), '{}'), coalesce(array_agg(n ORDER BY block), '{}') FROM (
        SELECT block, sum(n)::bigint AS n FROM (
            SELECT unnest(c.blocks) AS block, unnest(c.numbers) AS n
            UNION ALL SELECT unnest(excluded.blocks), unnest(excluded.numbers)
        ) both_sides GROUP BY block HAVING sum(n) <> 0
    ) together
)

-- name: recount_own
-- Counts a table that has its own type and level, as new rows of counts_delta.
INSERT INTO counts_delta (kind, type, level, facts, block, number)
    SELECT '{kind}', o.{type}, o.{level}, {facts}, {block}, count(*) FROM {kind} o GROUP BY 2, 3, 4, 5

-- name: recount_under_main
-- Counts a table below its main object, as new rows of counts_delta.
INSERT INTO counts_delta (kind, type, level, facts, block, number)
    SELECT '{kind}', m.{type}, m.{level}, {facts}, {block}, count(*)
    FROM {kind} o JOIN {main} m ON m.{key} = o.{reference} GROUP BY 2, 3, 4, 5
