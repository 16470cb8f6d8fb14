"""Which abonnementen get a message, and how names and values are compared (notificaties.md §3), without a database."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from services.notificaties.matching import Bericht, Ontvangers, consistent, normal, shown, stored

BASES = ("https://zgw.example", "http://deventer.example")
TYPE = "/catalogi/api/v1/zaaktypen/7c9e6679-7425-40de-944b-e07fc1f90ae7"
ONE, TWO = UUID(int=1), UUID(int=2)


def bericht(kanaal: str = "zaken", hoofd_object: str = "https://elders.example/1", **kenmerken: str) -> Bericht:
    return Bericht({"kanaal": kanaal, "hoofdObject": hoofd_object, "kenmerken": kenmerken}, BASES)


def group(naam: str = "zaken", **filters: str) -> Mapping[str, Any]:
    return {"naam": naam, "filters": filters}


def test_names_are_compared_without_their_style() -> None:
    assert normal("verantwoordelijke_organisatie") == normal("verantwoordelijkeOrganisatie")
    assert normal("zaaktype.catalogus") == "zaaktype.catalogus"


@pytest.mark.parametrize(
    ("names", "allowed", "expected"),
    [
        ([], [], True),
        ([], ["kleur"], True),
        (["kleur"], [], True),
        (["Kleur"], ["kleur", "maat"], True),
        (["kleur", "grote_maat"], ["groteMaat"], True),
        (["kleur"], ["maat"], False),
        (["kleur", "maat"], ["kleur", "vorm"], False),
    ],
)
def test_nrc_2_nrc_4_one_set_contains_the_other(names: list[str], allowed: list[str], expected: bool) -> None:
    assert consistent(names, allowed) is expected


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (f"https://zgw.example{TYPE}", TYPE),
        (f"http://deventer.example{TYPE}", TYPE),
        (f"https://elders.example{TYPE}", f"https://elders.example{TYPE}"),
        ("https://zgw.example/elders", "https://zgw.example/elders"),
        ("openbaar", "openbaar"),
        ("", ""),
    ],
)
def test_own_urls_are_compared_without_their_host(value: str, kept: str) -> None:
    assert stored(value, BASES) == kept
    assert stored(shown(kept, BASES[0]), BASES) == kept


@pytest.mark.parametrize(
    ("groups", "kenmerken", "expected"),
    [
        ([group()], {}, True),
        ([group("documenten")], {}, False),
        ([group(kleur="rood")], {"kleur": "rood"}, True),
        ([group(kleur="rood")], {"kleur": "Rood"}, False),
        ([group(kleur="*")], {"kleur": "blauw"}, True),
        # A filter on a kenmerk that the message does not have lets it pass.
        ([group(kleur="rood", maat="1")], {"kleur": "rood"}, True),
        ([group(kleur="rood", maat="1")], {"kleur": "rood", "maat": "2"}, False),
        ([group(kleur="rood"), group(kleur="blauw")], {"kleur": "blauw"}, True),
        ([group(zaak_type=TYPE)], {"zaakType": f"https://zgw.example{TYPE}"}, True),
        ([], {}, False),
    ],
)
def test_nrc_12_a_message_reaches_whom_one_group_lets_through(
    groups: list[Mapping[str, Any]], kenmerken: dict[str, str], expected: bool
) -> None:
    assert Ontvangers([(ONE, groups)]).of(bericht(**kenmerken)) == ([ONE] if expected else [])


def test_nrc_12_each_abonnement_gets_a_message_once() -> None:
    both = Ontvangers([(ONE, [group(), group(kleur="rood")]), (TWO, [group()])])
    assert both.of(bericht(kleur="rood")) == [ONE, TWO]


def test_the_order_is_kept_for_one_object_whatever_its_host() -> None:
    keys = {bericht(hoofd_object=base + TYPE).key for base in BASES}
    assert len(keys) == 1
    assert bericht(hoofd_object="https://elders.example" + TYPE).key not in keys
    assert all(-(2**63) <= key < 2**63 for key in keys)
