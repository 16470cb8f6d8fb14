-- Writers wait from here, readers go on. A million zaken take about a quarter of a minute.
SET LOCAL work_mem = '128MB';
SET LOCAL maintenance_work_mem = '256MB';
LOCK TABLE zaak, status, resultaat IN SHARE ROW EXCLUSIVE MODE;

CREATE TABLE zaak_typen (
    zaak_id BIGINT NOT NULL,
    statustype TEXT,
    resultaattype TEXT,
    PRIMARY KEY (zaak_id)
);
INSERT INTO zaak_typen (zaak_id, statustype, resultaattype)
    SELECT z.id, s.statustype, r.resultaattype FROM zaak z
    LEFT JOIN LATERAL (
        SELECT zaak, statustype FROM status WHERE zaak = z.uuid ORDER BY datum_status_gezet DESC LIMIT 1
    ) s ON true
    LEFT JOIN resultaat r ON r.zaak = z.uuid
    WHERE s.zaak IS NOT NULL OR r.zaak IS NOT NULL;
CREATE INDEX zaak_typen_statustype ON zaak_typen (statustype, zaak_id) WHERE statustype IS NOT NULL;
CREATE INDEX zaak_typen_resultaattype ON zaak_typen (resultaattype, zaak_id) WHERE resultaattype IS NOT NULL;
ALTER TABLE zaak_typen ADD FOREIGN KEY (zaak_id) REFERENCES zaak (id) ON DELETE CASCADE;
ANALYZE zaak_typen;
INSERT INTO counts (kind, type, level, facts, total, blocks, numbers)
    SELECT 'zaak_typen', zaaktype, vertrouwelijkheidaanduiding,
        jsonb_build_object('statustype', statustype, 'resultaattype', resultaattype),
        sum(n), array_agg(block ORDER BY block), array_agg(n ORDER BY block)
    FROM (
        SELECT zaaktype, vertrouwelijkheidaanduiding, statustype, resultaattype, zaak_id / 32768 AS block, count(*) AS n
        FROM zaak_typen JOIN zaak ON id = zaak_id GROUP BY 1, 2, 3, 4, 5
    ) counted GROUP BY zaaktype, vertrouwelijkheidaanduiding, statustype, resultaattype;

CREATE TABLE zaak_bron (
    bron TEXT NOT NULL,
    zaak_id BIGINT NOT NULL,
    PRIMARY KEY (bron, zaak_id)
);
INSERT INTO zaak_bron (bron, zaak_id)
    SELECT DISTINCT item ->> 'bron', id FROM zaak, jsonb_array_elements(kenmerken) item
    WHERE kenmerken <> '[]' AND item ->> 'bron' IS NOT NULL ORDER BY 1, 2;
CREATE INDEX ix_zaak_bron_zaak_id ON zaak_bron (zaak_id);
ALTER TABLE zaak_bron ADD FOREIGN KEY (zaak_id) REFERENCES zaak (id) ON DELETE CASCADE;
ANALYZE zaak_bron;
INSERT INTO counts (kind, type, level, facts, total, blocks, numbers)
    SELECT 'zaak_bron', zaaktype, vertrouwelijkheidaanduiding, jsonb_build_object('bron', bron),
        sum(n), array_agg(block ORDER BY block), array_agg(n ORDER BY block)
    FROM (
        SELECT zaaktype, vertrouwelijkheidaanduiding, bron, zaak_id / 32768 AS block, count(*) AS n
        FROM zaak_bron JOIN zaak ON id = zaak_id GROUP BY 1, 2, 3, 4
    ) counted GROUP BY zaaktype, vertrouwelijkheidaanduiding, bron;

CREATE FUNCTION zaak_bron_kept() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM zaak_bron WHERE zaak_id = NEW.id AND bron <> ALL (
            SELECT item ->> 'bron' FROM jsonb_array_elements(NEW.kenmerken) item
        );
    END IF;
    INSERT INTO zaak_bron (bron, zaak_id)
        SELECT DISTINCT item ->> 'bron', NEW.id FROM jsonb_array_elements(NEW.kenmerken) item
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER zaak_bron_kept AFTER INSERT ON zaak FOR EACH ROW WHEN (NEW.kenmerken <> '[]')
    EXECUTE FUNCTION zaak_bron_kept();
CREATE TRIGGER zaak_bron_kept_changed AFTER UPDATE OF kenmerken ON zaak FOR EACH ROW
    WHEN (OLD.kenmerken IS DISTINCT FROM NEW.kenmerken) EXECUTE FUNCTION zaak_bron_kept();

CREATE FUNCTION resultaat_kept() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        UPDATE zaak_typen k SET resultaattype = NULL FROM zaak m WHERE m.uuid = OLD.zaak AND k.zaak_id = m.id;
    ELSE
        INSERT INTO zaak_typen (zaak_id, resultaattype) SELECT id, NEW.resultaattype FROM zaak WHERE uuid = NEW.zaak
            ON CONFLICT (zaak_id) DO UPDATE SET resultaattype = excluded.resultaattype;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER resultaat_kept AFTER INSERT OR DELETE OR UPDATE OF resultaattype ON resultaat
    FOR EACH ROW EXECUTE FUNCTION resultaat_kept();

CREATE FUNCTION count_zaak_bron() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO counts_delta (kind, type, level, facts, block, number) SELECT 'zaak_bron', m.zaaktype, m.vertrouwelijkheidaanduiding, jsonb_build_object('bron', OLD.bron), OLD.zaak_id / 32768, -1
            FROM zaak m WHERE m.id = OLD.zaak_id FOR KEY SHARE;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO counts_delta (kind, type, level, facts, block, number) SELECT 'zaak_bron', m.zaaktype, m.vertrouwelijkheidaanduiding, jsonb_build_object('bron', NEW.bron), NEW.zaak_id / 32768, 1
            FROM zaak m WHERE m.id = NEW.zaak_id FOR KEY SHARE;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER zaak_bron_counts AFTER INSERT OR DELETE ON zaak_bron FOR EACH ROW EXECUTE FUNCTION count_zaak_bron();
CREATE TRIGGER zaak_bron_counts_changed AFTER UPDATE OF zaak_id, bron ON zaak_bron FOR EACH ROW
    WHEN ((OLD.zaak_id, OLD.bron) IS DISTINCT FROM (NEW.zaak_id, NEW.bron)) EXECUTE FUNCTION count_zaak_bron();

CREATE FUNCTION count_zaak_bron_below() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO counts_delta (kind, type, level, facts, block, number)
        SELECT 'zaak_bron', OLD.zaaktype, OLD.vertrouwelijkheidaanduiding, jsonb_build_object('bron', o.bron), o.zaak_id / 32768, -count(*)
        FROM zaak_bron o WHERE o.zaak_id = OLD.id GROUP BY 4, 5;
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO counts_delta (kind, type, level, facts, block, number)
            SELECT 'zaak_bron', NEW.zaaktype, NEW.vertrouwelijkheidaanduiding, jsonb_build_object('bron', o.bron), o.zaak_id / 32768, count(*)
            FROM zaak_bron o WHERE o.zaak_id = NEW.id GROUP BY 4, 5;
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER zaak_counts_zaak_bron_gone BEFORE DELETE ON zaak
    FOR EACH ROW EXECUTE FUNCTION count_zaak_bron_below();
CREATE TRIGGER zaak_counts_zaak_bron_moved AFTER UPDATE OF zaaktype, vertrouwelijkheidaanduiding ON zaak
    FOR EACH ROW WHEN (OLD.zaaktype <> NEW.zaaktype OR OLD.vertrouwelijkheidaanduiding <> NEW.vertrouwelijkheidaanduiding)
    EXECUTE FUNCTION count_zaak_bron_below();

CREATE FUNCTION count_zaak_typen() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO counts_delta (kind, type, level, facts, block, number) SELECT 'zaak_typen', m.zaaktype, m.vertrouwelijkheidaanduiding, jsonb_build_object('statustype', OLD.statustype, 'resultaattype', OLD.resultaattype), OLD.zaak_id / 32768, -1
            FROM zaak m WHERE m.id = OLD.zaak_id FOR KEY SHARE;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO counts_delta (kind, type, level, facts, block, number) SELECT 'zaak_typen', m.zaaktype, m.vertrouwelijkheidaanduiding, jsonb_build_object('statustype', NEW.statustype, 'resultaattype', NEW.resultaattype), NEW.zaak_id / 32768, 1
            FROM zaak m WHERE m.id = NEW.zaak_id FOR KEY SHARE;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER zaak_typen_counts AFTER INSERT OR DELETE ON zaak_typen FOR EACH ROW EXECUTE FUNCTION count_zaak_typen();
CREATE TRIGGER zaak_typen_counts_changed AFTER UPDATE OF zaak_id, statustype, resultaattype ON zaak_typen FOR EACH ROW
    WHEN ((OLD.zaak_id, OLD.statustype, OLD.resultaattype) IS DISTINCT FROM (NEW.zaak_id, NEW.statustype, NEW.resultaattype)) EXECUTE FUNCTION count_zaak_typen();

CREATE FUNCTION count_zaak_typen_below() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO counts_delta (kind, type, level, facts, block, number)
        SELECT 'zaak_typen', OLD.zaaktype, OLD.vertrouwelijkheidaanduiding, jsonb_build_object('statustype', o.statustype, 'resultaattype', o.resultaattype), o.zaak_id / 32768, -count(*)
        FROM zaak_typen o WHERE o.zaak_id = OLD.id GROUP BY 4, 5;
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO counts_delta (kind, type, level, facts, block, number)
            SELECT 'zaak_typen', NEW.zaaktype, NEW.vertrouwelijkheidaanduiding, jsonb_build_object('statustype', o.statustype, 'resultaattype', o.resultaattype), o.zaak_id / 32768, count(*)
            FROM zaak_typen o WHERE o.zaak_id = NEW.id GROUP BY 4, 5;
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER zaak_counts_zaak_typen_gone BEFORE DELETE ON zaak
    FOR EACH ROW EXECUTE FUNCTION count_zaak_typen_below();
CREATE TRIGGER zaak_counts_zaak_typen_moved AFTER UPDATE OF zaaktype, vertrouwelijkheidaanduiding ON zaak
    FOR EACH ROW WHEN (OLD.zaaktype <> NEW.zaaktype OR OLD.vertrouwelijkheidaanduiding <> NEW.vertrouwelijkheidaanduiding)
    EXECUTE FUNCTION count_zaak_typen_below();

CREATE FUNCTION status_kept() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO zaak_typen (zaak_id, statustype) SELECT id, NEW.statustype FROM zaak WHERE uuid = NEW.zaak
            ON CONFLICT (zaak_id) DO UPDATE SET statustype = excluded.statustype;
        IF NOT EXISTS (SELECT FROM status WHERE zaak = NEW.zaak AND datum_status_gezet > NEW.datum_status_gezet) THEN
            RETURN NULL;
        END IF;
    END IF;
    UPDATE zaak_typen k SET statustype = (
        SELECT statustype FROM status WHERE zaak = m.uuid ORDER BY datum_status_gezet DESC LIMIT 1
    ) FROM zaak m WHERE m.uuid = coalesce(NEW.zaak, OLD.zaak) AND k.zaak_id = m.id;
    RETURN NULL;
END $$;
CREATE TRIGGER status_kept AFTER INSERT OR DELETE OR UPDATE OF statustype, datum_status_gezet ON status
    FOR EACH ROW EXECUTE FUNCTION status_kept();
