"""Names that do not exist: mypy refuses each of them, or it would report the ``type: ignore`` as unused.

Nothing here runs. ``make test`` has mypy read it.
"""

from services.zaken.gesloten import zaak_van
from services.zaken.locks import Sluiting
from services.zaken.rol import roltype_hoort_bij_het_zaaktype
from services.zaken.zaak_velden import ZAAK_TABLE, ZaakFields
from zgw.check import Check
from zgw.resource import Resource
from zgw.shapes import Zaaktype


async def a_field_of_a_rule(check: Check[ZaakFields]) -> None:
    """Read, write and name fields of which one letter is wrong."""
    assert check.fields.startdatm  # type: ignore[attr-defined]
    check.fields.identificatei = ""  # type: ignore[assignment]
    check.resolved(check.fields.zaaktpye)  # type: ignore[attr-defined]
    check.changed(lambda zaak: zaak.hofdzaak)  # type: ignore[attr-defined]
    check.was_sent(lambda zaak: zaak.hofdzaak)  # type: ignore[attr-defined]


async def a_value_of_another_kind(check: Check[ZaakFields]) -> None:
    """Give a field what it cannot hold."""
    check.fields.startdatum = "2026-01-01"  # type: ignore[assignment]


async def a_member_of_a_type(check: Check[ZaakFields]) -> None:
    """Ask a type for what no type has."""
    if zaaktype := check.resolved(check.fields.zaaktype, Zaaktype):
        check.reject("zaaktype", "invalid", zaaktype["omschrijvnig"])  # type: ignore[typeddict-item]


async def the_state_of_a_zaak(check: Check) -> None:
    """Ask a zaak for a column that rules do not look at."""
    assert zaak_van(check)["eindatum"]  # type: ignore[typeddict-item]


async def a_fact(check: Check[ZaakFields]) -> None:
    """Ask for a fact that nobody finds out."""
    check.facts(Sluiting).eindstatsu = True  # type: ignore[attr-defined]


async def a_field_where_no_fields_are_known(check: Check) -> None:
    """Read a field in a rule that does not say of what it is a rule."""
    check.resolved(check.fields.zaaktype)  # type: ignore[attr-defined]


ZAAK = Resource(
    name="zaak",
    path="zaken",
    fields=ZaakFields,
    table=ZAAK_TABLE,
    scopes={},
    rules=[roltype_hoort_bij_het_zaaktype],  # type: ignore[list-item]
)
"""A rule of another resource."""
