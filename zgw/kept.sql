-- The SQL of kept.py. Names in braces are filled in there.

-- name: of_latest
-- Keeps {column} of the latest row of {kind} by {moment}. Who writes one locks what is kept first, and only then looks
-- for a later one: of two at the same moment the second sees the first.
CREATE FUNCTION {kind}_kept() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO {kept} ({key}, {column}) SELECT id, NEW.{column} FROM {main} WHERE uuid = NEW.{reference}
            ON CONFLICT ({key}) DO UPDATE SET {column} = excluded.{column};
        IF NOT EXISTS (SELECT FROM {kind} WHERE {reference} = NEW.{reference} AND {moment} > NEW.{moment}) THEN
            RETURN NULL;
        END IF;
    END IF;
    UPDATE {kept} k SET {column} = (
        SELECT {column} FROM {kind} WHERE {reference} = m.uuid ORDER BY {moment} DESC LIMIT 1
    ) FROM {main} m WHERE m.uuid = coalesce(NEW.{reference}, OLD.{reference}) AND k.{key} = m.id;
    RETURN NULL;
END $$;
CREATE TRIGGER {kind}_kept AFTER INSERT OR DELETE OR UPDATE OF {column}, {moment} ON {kind}
    FOR EACH ROW EXECUTE FUNCTION {kind}_kept()

-- name: of_only
-- Keeps {column} of {kind}, of which a main object has one at most.
CREATE FUNCTION {kind}_kept() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        UPDATE {kept} k SET {column} = NULL FROM {main} m WHERE m.uuid = OLD.{reference} AND k.{key} = m.id;
    ELSE
        INSERT INTO {kept} ({key}, {column}) SELECT id, NEW.{column} FROM {main} WHERE uuid = NEW.{reference}
            ON CONFLICT ({key}) DO UPDATE SET {column} = excluded.{column};
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER {kind}_kept AFTER INSERT OR DELETE OR UPDATE OF {column} ON {kind}
    FOR EACH ROW EXECUTE FUNCTION {kind}_kept()

-- name: of_members
-- Keeps each {member} of the list {column} of the main object once.
CREATE FUNCTION {kept}_kept() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM {kept} WHERE {key} = NEW.id AND {member} <> ALL (
            SELECT item ->> '{member}' FROM jsonb_array_elements(NEW.{column}) item
        );
    END IF;
    INSERT INTO {kept} ({member}, {key})
        SELECT DISTINCT item ->> '{member}', NEW.id FROM jsonb_array_elements(NEW.{column}) item
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER {kept}_kept AFTER INSERT ON {main} FOR EACH ROW WHEN (NEW.{column} <> '[]')
    EXECUTE FUNCTION {kept}_kept();
CREATE TRIGGER {kept}_kept_changed AFTER UPDATE OF {column} ON {main} FOR EACH ROW
    WHEN (OLD.{column} IS DISTINCT FROM NEW.{column}) EXECUTE FUNCTION {kept}_kept()
