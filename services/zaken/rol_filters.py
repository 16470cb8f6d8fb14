"""Filters on the party behind a rol, used by ``GET /rollen`` and, as ``rol__*``, by ``GET /zaken`` and ``_zoek``.

All ``rol__*`` parameters must match on one and the same rol. Each identification has an index of its own on the
expression that is used here; the key is therefore written into the statement, and never a parameter of it.
"""

from typing import Annotated, Any, Literal, get_args

from sqlalchemy import (
    ColumnClause,
    ColumnElement,
    FromClause,
    Index,
    Table,
    Text,
    Uuid,
    and_,
    any_,
    column,
    exists,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy import table as named_table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.visitors import iterate

from runtime.statements import among
from services.zaken.authenticatie import DigiD, EHerkenning
from zgw.columns import add_statistics
from zgw.filters import Filter, Within, beside_standard, equal, reference
from zgw.types import Length, Ref, Shown

BetrokkeneType = Literal[
    "natuurlijk_persoon", "niet_natuurlijk_persoon", "vestiging", "organisatorische_eenheid", "medewerker"
]  # fmt: skip

OmschrijvingGeneriek = Literal[
    "adviseur",
    "behandelaar",
    "belanghebbende",
    "beslisser",
    "initiator",
    "klantcontacter",
    "zaakcoordinator",
    "mede_initiator",
]

IDENTIFICATIES: tuple[tuple[str, str, str, int], ...] = (
    ("natuurlijkPersoon", "natuurlijk_persoon", "inpBsn", 9),
    ("natuurlijkPersoon", "natuurlijk_persoon", "anpIdentificatie", 17),
    ("natuurlijkPersoon", "natuurlijk_persoon", "inpA_nummer", 10),
    ("nietNatuurlijkPersoon", "niet_natuurlijk_persoon", "innNnpId", 9),
    ("nietNatuurlijkPersoon", "niet_natuurlijk_persoon", "annIdentificatie", 17),
    ("vestiging", "vestiging", "vestigingsNummer", 24),
    ("medewerker", "medewerker", "identificatie", 254),
    ("organisatorischeEenheid", "organisatorische_eenheid", "identificatie", 255),
)
"""Per filter the word in its name, the betrokkeneType that it belongs to, the key, and the greatest length."""
NUMMERS: tuple[tuple[str, str, str, int], ...] = (
    ("nietNatuurlijkPersoon", "niet_natuurlijk_persoon", "kvkNummer", 8),
    ("nietNatuurlijkPersoon", "niet_natuurlijk_persoon", "vestigingsNummer", 24),
    ("vestiging", "vestiging", "kvkNummer", 8),
)
"""The same of filters beside the standard."""

LEVELS: tuple[tuple[str, ...], ...] = (get_args(DigiD), get_args(EHerkenning))
"""Of each way to log in the levels of assurance, low to high."""

STANDARD_LENGTHS = {"organisatorischeEenheid": 24}
"""Of which words the standard has another greatest length than is accepted (``betrokkene.OrganisatorischeEenheid``)."""

ROL = named_table(
    "rol",
    column("id"),
    column("zaak", Uuid),
    column("betrokkene", Text),
    column("betrokkene_type", Text),
    column("omschrijving_generiek", Text),
    column("betrokkene_identificatie", JSONB),
    column("indicatie_machtiging", Text),
    column("authenticatie_context", JSONB),
).alias("gezochte_rol")
"""The rollen by name, because the module of the rol imports that of the zaak."""


def member(rol: FromClause, key: str) -> ColumnElement[str]:
    """Return one member of betrokkeneIdentificatie, as its index has it."""
    # The text is no column, because an index takes the table of the first column in its expression.
    return rol.c.betrokkene_identificatie.op("->>", return_type=Text())(text(f"'{key}'"))


def filled(rol: FromClause, key: str) -> ColumnElement[bool]:
    """Return the condition under which a rol is in the index of this member: most rollen have most members empty."""
    return member(rol, key) != text("''")


def identification_filters(prefix: str, rol: FromClause, within: Within | None = None) -> list[Filter]:
    """Return a filter for each member of betrokkeneIdentificatie that can be searched."""
    more = beside_standard(*(_identified(prefix, rol, *each, within) for each in NUMMERS))
    return [*(_identified(prefix, rol, *each, within) for each in IDENTIFICATIES), *more]


def _identified(
    prefix: str, rol: FromClause, word: str, kind: str, key: str, length: int, within: Within | None
) -> Filter:
    def condition(value: str) -> ColumnElement[bool]:
        # Only ``identificatie`` belongs to more than one type of party.
        return and_(rol.c.betrokkene_type == kind, member(rol, key) == value, filled(rol, key))

    kind_of_value = Annotated[str, Length(length), Shown(STANDARD_LENGTHS.get(word, length))]
    return Filter(f"{prefix}betrokkeneIdentificatie__{word}__{key}", kind_of_value, condition, within=within)


def level_of(rol: FromClause) -> ColumnElement[str]:
    """Return the level of assurance with which the party of a rol logged in, as its index has it."""
    return rol.c.authenticatie_context.op("->>", return_type=Text())(text("'levelOfAssurance'"))


def authorisation_filters(prefix: str, rol: FromClause, within: Within | None = None) -> list[Filter]:
    """Return the filters on acting for another, and on how the party of a rol logged in: at most with this level."""

    def authorised(value: str) -> ColumnElement[bool]:
        return rol.c.indicatie_machtiging == ("" if value == "eigen" else value)

    def at_most(value: str) -> ColumnElement[bool]:
        scheme = next(levels for levels in LEVELS if value in levels)
        allowed = among(level_of(rol), scheme[: scheme.index(value) + 1])
        return and_(allowed, rol.c.authenticatie_context.is_not(None))

    return beside_standard(
        Filter(f"{prefix}machtiging", Literal["gemachtigde", "machtiginggever", "eigen"], authorised, within=within),
        Filter(f"{prefix}machtiging__loa", Literal[DigiD, EHerkenning], at_most, within=within),
    )


def has_rol(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that a zaak has a rol that meets all of ``condition``.

    Who is looked for by name or number has few zaken: those are found first. Otherwise PostgreSQL may go through all
    zaken in order to find the newest, and look at the rollen of each.
    """
    zaak: ColumnElement[Any] = literal_column("zaak.uuid", Uuid())
    if SELECTIVE & {column.name for column in iterate(condition) if isinstance(column, ColumnClause)}:
        return zaak == any_(func.array(select(ROL.c.zaak).where(condition).scalar_subquery()))
    return exists(select(ROL.c.id).where(ROL.c.zaak == zaak, condition))


SELECTIVE = {"betrokkene", "betrokkene_identificatie"}

ROL_FILTERS: list[Filter] = [
    equal("rol__betrokkeneType", ROL.c.betrokkene_type, BetrokkeneType, within=has_rol),
    reference("rol__betrokkene", ROL.c.betrokkene, Ref(follow=False), within=has_rol),
    equal("rol__omschrijvingGeneriek", ROL.c.omschrijving_generiek, OmschrijvingGeneriek, within=has_rol),
    *identification_filters("rol__", ROL, within=has_rol),
    *authorisation_filters("rol__", ROL, within=has_rol),
]


def identification_indexes(rol: Table) -> None:
    """Add the index of each identification to the table of the rollen."""
    for key in dict.fromkeys(key for _, _, key, _ in (*IDENTIFICATIES, *NUMMERS)):
        Index(f"rol_{key.lower()}", member(rol, key), postgresql_where=filled(rol, key))
        # PostgreSQL knows nothing of an expression in a partial index, and would expect to find hundreds of rollen.
        add_statistics(rol, f"rol_{key.lower()}_values", f"(betrokkene_identificatie ->> '{key}')")


def authorisation_indexes(rol: Table) -> None:
    """Add the indexes of the machtiging of a rol, in the order of the zaken, and of the few that have a login."""
    Index("rol_machtiging", rol.c.indicatie_machtiging, rol.c.zaak)
    Index("rol_loa", level_of(rol), rol.c.zaak, postgresql_where=rol.c.authenticatie_context.is_not(None))
