"""What other services have to agree to, and how they are told, without a database (zgw/mirroring, docs/adr/0004)."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx
import pytest

from runtime.faults import Unavailable
from runtime.identity import system_caller
from services.besluiten.app import API as BESLUITEN
from services.besluiten.besluit import BESLUIT
from services.besluiten.besluit_velden import BesluitFields
from services.besluiten.mirroring import Zaken, spiegel_in_zaak, zaak_hoort_van_de_wijziging
from services.zaken.app import API as ZAKEN
from services.zaken.mirroring import mirrors_of
from zgw.check import Check
from zgw.mirroring.agreement import SAME_DATES, UNFORCED, Agreement, Mirror, Notice, for_outbox, from_outbox
from zgw.mirroring.leading import Asker
from zgw.mirroring.telling import BUNDLE, Failed, tell

BASE = "https://deventer.test"
OLD, NEW = f"/zaken/api/v1/zaken/{uuid4()}", f"/zaken/api/v1/zaken/{uuid4()}"
STORED = {"uuid": uuid4(), "zaak": OLD, "ingangsdatum": 1, "vervaldatum": None}


def write(action: str, stored: dict[str, Any] | None = None, **row: Any) -> Check[BesluitFields]:
    """Return a write of a besluit by a client that may force it."""
    call: Any = SimpleNamespace(service=SimpleNamespace(api=BESLUITEN))
    check = Check(call, BESLUIT, action, {}, stored)
    check.row = row
    if action != "destroy":
        check.fields = BesluitFields.model_construct(**row)
    return check


def zaken(agreement: Agreement | None) -> list[str]:
    """Return the zaken whose mirrors change."""
    return [mirror.collection.removesuffix("/besluiten") for mirror in agreement.mirrors] if agreement else []


def test_brc_006_a_besluit_that_moves_has_a_mirror_in_both_zaken() -> None:
    assert zaken(spiegel_in_zaak(write("create", zaak=NEW))) == [NEW]
    assert zaken(spiegel_in_zaak(write("update", STORED, zaak=NEW))) == [NEW, OLD]
    assert zaken(spiegel_in_zaak(write("update", STORED, zaak=""))) == [OLD]
    assert zaken(spiegel_in_zaak(write("destroy", STORED))) == [OLD]
    assert spiegel_in_zaak(write("update", STORED, zaak=OLD)) is None
    assert spiegel_in_zaak(write("create", zaak="")) is None


def test_zrc_021_a_zaak_hears_of_each_change_and_whether_dates_did() -> None:
    same: dict[str, Any] = {name: STORED[name] for name in ("zaak", "ingangsdatum", "vervaldatum")}
    for vervaldatum, dates in ((2, {}), (STORED["vervaldatum"], {SAME_DATES: "1"})):
        check = write("update", STORED, **{**same, "vervaldatum": vervaldatum})
        found = zaak_hoort_van_de_wijziging(check)
        assert found is not None
        assert found.notices == [Notice("zaken", "/_intern/besluit", {"besluit": check.path, **dates})]
    assert zaak_hoort_van_de_wijziging(write("update", {**STORED, "zaak": ""}, **{**same, "zaak": ""})) is None
    assert zaak_hoort_van_de_wijziging(write("update", STORED, **{**same, "zaak": NEW, "vervaldatum": 2})) is None
    assert zaak_hoort_van_de_wijziging(write("create", **same)) is None


def test_zrc_007_what_a_client_may_not_force_is_passed_on() -> None:
    check = write("update", STORED, **{name: STORED[name] for name in ("zaak", "ingangsdatum", "vervaldatum")})
    check.facts(Zaken).alleen_open = {OLD}
    found = zaak_hoort_van_de_wijziging(check)
    assert found is not None
    assert found.notices[0].headers == UNFORCED
    moved = write("update", STORED, zaak=NEW)
    moved.facts(Zaken).alleen_open = {NEW}
    agreement = spiegel_in_zaak(moved)
    assert agreement is not None
    assert [mirror.headers for mirror in agreement.mirrors] == [UNFORCED, {}]


@pytest.mark.parametrize("url", ["https://elders.test/api/v1/klanten/1", "https://elders.test/api/v1/verzoeken/1"])
def test_zrc_024_only_the_apis_of_the_standard_have_mirrors(url: str) -> None:
    made = mirrors_of("zaakverzoek", {"zaak": uuid4(), "verzoek": url})
    assert [mirror.collection for mirror in made] == ["https://elders.test/api/v1/objectverzoeken"] * ("verzoek" in url)


def test_the_outbox_gives_back_what_was_to_be_told() -> None:
    check = write("update", STORED, zaak=NEW)
    agreement = spiegel_in_zaak(check)
    assert agreement is not None
    kept = from_outbox(BESLUITEN.metadata, for_outbox([agreement], BASE))
    assert [vars(mirror) | {"headers": {}} for mirror in agreement.mirrors] == [vars(m) for m in kept.mirrors]


class Told:
    """A service that leads and tells others, of which tests say what they answer, one after another."""

    def __init__(self, answers: Sequence[Any] = (), leads: bool = True) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.answers = list(answers)
        self.leads = leads
        self.internal = self.database = self
        self.api = ZAKEN
        self.service = ZAKEN.service

    async def rows(self, _tenant: str, statement: Any) -> list[dict[str, Any]]:
        """Return the leading records that are asked for: all, or none."""
        names = [column.name for column in statement.selected_columns]
        arrays = [p.effective_value for p in statement.whereclause._generate_cache_key().bindparams]
        return [dict(zip(names, values, strict=True)) for values in zip(*arrays, strict=True)] if self.leads else []

    async def send(
        self, _caller: Any, _service: str, method: str, path: str, body: Any = None, headers: Any = None
    ) -> httpx.Response:
        """Take a request of one service to another."""
        self.asked.append((method, path, body))
        answer = self.answers.pop(0) if self.answers else [""] * len(body["mirrors"])
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    async def tell(self, mirrors: Sequence[Mirror], again: bool = False) -> None:
        """Tell of mirrors."""
        service: Any = self
        await tell(Asker(service, system_caller("deventer", "zaken", (BASE,))), Agreement("x", mirrors), again)


def documents(number: int) -> list[Mirror]:
    """Return the mirrors of so many documents of a zaak."""
    root = "/documenten/api/v1/enkelvoudiginformatieobjecten"
    rows = [{"zaak": uuid4(), "informatieobject": f"{root}/{uuid4()}"} for _ in range(number)]
    return [mirror for row in rows for mirror in mirrors_of("zaakinformatieobject", row)]


@pytest.mark.parametrize(("leads", "method"), [(True, "POST"), (False, "DELETE")])
async def test_the_leading_record_tells_whether_a_mirror_is_made_or_removed(leads: bool, method: str) -> None:
    told = Told(leads=leads)
    await told.tell(documents(BUNDLE + 1))
    assert [(asked[0], len(asked[2]["mirrors"])) for asked in told.asked] == [(method, BUNDLE), (method, 1)]


async def test_after_a_refusal_nothing_more_is_told() -> None:
    mirrors = documents(2 * BUNDLE)
    told = Told([["inconsistent-relation", *[""] * (BUNDLE - 1)]])
    with pytest.raises(Failed, match="inconsistent-relation"):
        await told.tell(mirrors)
    assert len(told.asked) == 1


async def test_a_target_that_is_gone_is_told_apart() -> None:
    mirrors = documents(2)
    with pytest.raises(Failed) as failed:
        await Told([["", "object-does-not-exist"]]).tell(mirrors)
    assert failed.value.gone is mirrors[1]


async def test_what_a_service_says_of_itself_is_what_the_client_hears() -> None:
    with pytest.raises(Failed) as failed:
        await Told([Unavailable(503, {}, "De database is nu niet beschikbaar.")]).tell(documents(1))
    assert failed.value.problem is not None
    assert failed.value.problem.status == 503
    with pytest.raises(Failed) as failed:
        await Told([httpx.ReadTimeout("late")]).tell(documents(1))
    assert failed.value.problem is None
