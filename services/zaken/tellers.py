"""The triggers that keep the counts of ``telling`` right, whatever writes: a request, a cascade, an operator.

A write below a zaak locks the zaak FOR KEY SHARE. A change of its type or level is one of a key (the unique index
``zaak_rechten``), and so is a removal: they wait for each other, and neither moves what the other counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

GROEP = ("soort", "zaaktype", "vertrouwelijkheidaanduiding", "kenmerken")
"""What is counted together: rows of one table, below zaken of one type and level, with the same facts."""
BLOK = 32_768
"""Ids in a block: few enough to walk through one, enough to keep the number of blocks small."""
BLOK_SECONDEN = 30 * 86_400
"""The width of a block of what is ordered by a moment."""

_NAAR = f"INSERT INTO tellingdelta ({', '.join(GROEP)}, blok, aantal)"

TEL = f"""\
CREATE FUNCTION tel_{{soort}}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        {_NAAR} {{af}};
    END IF;
    IF TG_OP <> 'DELETE' THEN
        {_NAAR} {{bij}};
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER {{soort}}_telling AFTER INSERT OR DELETE OR UPDATE OF {{kolommen}} ON {{soort}}
    FOR EACH ROW EXECUTE FUNCTION tel_{{soort}}()"""

TEL_MEE = f"""\
CREATE FUNCTION tel_{{soort}}_mee() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    {_NAAR}
        SELECT '{{soort}}', OLD.zaaktype, OLD.vertrouwelijkheidaanduiding, {{kenmerken}}, {{blok}}, -count(*)
        FROM {{soort}} o WHERE o.{{zaak}} = OLD.uuid GROUP BY 4, 5;
    IF TG_OP = 'UPDATE' THEN
        {_NAAR}
            SELECT '{{soort}}', NEW.zaaktype, NEW.vertrouwelijkheidaanduiding, {{kenmerken}}, {{blok}}, count(*)
            FROM {{soort}} o WHERE o.{{zaak}} = NEW.uuid GROUP BY 4, 5;
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER zaak_telling_{{soort}}_weg BEFORE DELETE ON zaak FOR EACH ROW EXECUTE FUNCTION tel_{{soort}}_mee();
CREATE TRIGGER zaak_telling_{{soort}}_anders AFTER UPDATE OF zaaktype, vertrouwelijkheidaanduiding ON zaak FOR EACH ROW
    WHEN (OLD.zaaktype <> NEW.zaaktype OR OLD.vertrouwelijkheidaanduiding <> NEW.vertrouwelijkheidaanduiding)
    EXECUTE FUNCTION tel_{{soort}}_mee()"""  # noqa: S608


@dataclass(frozen=True)
class Teller:
    """What is counted of a table: the columns whose values are told apart, and those of which only whether they have
    one. ``zaak`` is the column that refers to the zaak, empty for the zaak itself; ``moment`` the column that the list
    is ordered by, instead of the id."""

    soort: str
    waarden: Sequence[str] = ()
    gevuld: Sequence[str] = ()
    zaak: str = "zaak"
    moment: str = ""

    def kenmerken(self, row: str) -> str:
        """Return the SQL of the facts of a row."""
        facts = [f"'{name}', {row}.{name}" for name in self.waarden]
        facts += [f"'{name}', {row}.{name} IS NOT NULL" for name in self.gevuld]
        return f"jsonb_build_object({', '.join(facts)})"

    def blok(self, row: str) -> str:
        """Return the SQL of the block of a row."""
        if self.moment:
            return f"floor(extract(epoch FROM {row}.{self.moment}) / {BLOK_SECONDEN})::bigint"
        return f"{row}.id / {BLOK}"

    def _rij(self, row: str, aantal: int) -> str:
        facts, block = self.kenmerken(row), self.blok(row)
        if not self.zaak:
            return f"VALUES ('zaak', {row}.zaaktype, {row}.vertrouwelijkheidaanduiding, {facts}, {block}, {aantal})"
        groep = f"'{self.soort}', z.zaaktype, z.vertrouwelijkheidaanduiding, {facts}, {block}"
        return f"SELECT {groep}, {aantal}\n            FROM zaak z WHERE z.uuid = {row}.{self.zaak} FOR KEY SHARE"  # noqa: S608

    def ddl(self) -> list[str]:
        """Return the statements that make the triggers, for ``Table.info``."""
        own = (self.zaak,) if self.zaak else ("zaaktype", "vertrouwelijkheidaanduiding")
        columns = ", ".join((*own, *self.waarden, *self.gevuld, *([self.moment] if self.moment else ())))
        made = [TEL.format(soort=self.soort, af=self._rij("OLD", -1), bij=self._rij("NEW", 1), kolommen=columns)]
        if self.zaak:
            facts, block = self.kenmerken("o"), self.blok("o")
            made.append(TEL_MEE.format(soort=self.soort, zaak=self.zaak, kenmerken=facts, blok=block))
        return made

    def hertel(self) -> str:
        """Return the statement that counts everything again, as new rows of ``tellingdelta``."""
        facts, block = self.kenmerken("o"), self.blok("o")
        join = f"JOIN zaak z ON z.uuid = o.{self.zaak}" if self.zaak else "JOIN zaak z USING (id)"
        groep = f"'{self.soort}', z.zaaktype, z.vertrouwelijkheidaanduiding, {facts}, {block}"
        return f"{_NAAR}\n    SELECT {groep}, count(*)\n    FROM {self.soort} o {join} GROUP BY 2, 3, 4, 5"  # noqa: S608
