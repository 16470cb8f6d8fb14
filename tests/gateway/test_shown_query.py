"""What the log of requests keeps of a query: no value from which a person can be known."""

import pytest

from gateway.reasons import CHECKS, check_of, reason_of
from gateway.shown_query import LENGTH, shown_path, shown_query
from oas.errors import catalogue

UUID = "5f4ab0d5-5a3c-4f8f-8d0c-5f0f6d3ac1b2"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("", ""),
        ("page=2&pageSize=50", "page=2&pageSize=50"),
        ("expand=status,rollen&ordering=-startdatum", "expand=status,rollen&ordering=-startdatum"),
        ("startdatum__gte=2026-01-31", "startdatum__gte=2026-01-31"),
        ("registratieOp=2026-01-31T10:00:00%2B01:00", "registratieOp=2026-01-31T10:00:00+01:00"),
        (f"zaaktype=https%3A%2F%2Fx.nl%2Fcatalogi%2F{UUID}", f"zaaktype=https://x.nl/catalogi/{UUID}"),
        (f"uuid__in={UUID},{UUID}", f"uuid__in={UUID},{UUID}"),
        ("locked=true&einddatum__isnull=", "locked=true&einddatum__isnull="),
        (
            "rol__betrokkeneIdentificatie__natuurlijkPersoon__inpBsn=111222333",
            "rol__betrokkeneIdentificatie__natuurlijkPersoon__inpBsn=***",
        ),
        ("inpBsn=%31%31%31222333", "inpBsn=***"),
        ("identificatie=ZAAK-1&omschrijving__icontains=Jansen", "identificatie=***&omschrijving__icontains=***"),
        ("ordering=Jansen111222333", "ordering=***"),
        ("page=111222333", "page=***"),
        ("naam=Jansen", "naam=***"),
        ("geboortedatum=1980-01-31", "geboortedatum=***"),
        ("betrokkene=https://brp.example/ingeschrevenpersonen/999990408", "betrokkene=***"),
        (f"betrokkene=https://brp.example/111222333/{UUID}", "betrokkene=***"),
        (f"zaaktype=https://x.nl/{UUID}?bsn=1", "zaaktype=***"),
        ("111222333=x&Jan%20Jansen=x&111222333", "***&***&***"),
        ("a=1;b=2", "a=***"),
        ("&&=&", "***"),
        ("naam=Jansen&Zoon", "naam=***&***"),
        ("einddatum__gte=1112-22-33&page=%D9%A1", "einddatum__gte=***&page=***"),
    ],
)
def test_values(sent: str, kept: str) -> None:
    assert shown_query(sent.encode()) == kept


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (f"/zaken/api/v1/zaken/{UUID}", f"/zaken/api/v1/zaken/{UUID}"),
        ("/zaken/api/v1//zaken/", "/zaken/api/v1//zaken/"),
        ("/zaken/api/v1/zaken/%7Buuid%7D", "/zaken/api/v1/zaken/%7Buuid%7D"),
        ("/zaken/api/v1/zaken/111222333", "/zaken/api/v1/zaken/#########"),
        ("/zaken/api/v1/zaken%3Fnaam=Jansen", "/zaken/api/v1/***"),
        ("/zaken/api/v1/zaken&naam=Jansen", "/zaken/api/v1/***"),
        ("/zaken/api/v1/zaken/Bearer%20eyJ.eyJ.x", "/zaken/api/v1/zaken/***"),
        ("/zaken/api/v1/zaken/jan@example.nl", "/zaken/api/v1/zaken/***"),
        ("/zaken/api/v1/zaken/%EF%BC%91%EF%BC%91%EF%BC%91222333", "/zaken/api/v1/zaken/***"),
        ("/zaken/api/v1/\xff\x00", "/zaken/api/v1/***"),
    ],
)
def test_paths(sent: str, kept: str) -> None:
    assert shown_path(sent.encode("latin-1")) == kept


def test_it_is_bounded() -> None:
    assert len(shown_query(b"&".join(b"x%d=y" % number for number in range(1000)))) <= LENGTH
    assert len(shown_query(f"page=1&zaaktype={','.join([UUID] * 200)}".encode())) == LENGTH


@pytest.mark.parametrize("code", catalogue())
def test_every_code_has_a_check_and_a_reason(code: str) -> None:
    entry = catalogue()[code]
    assert check_of(entry.status or 400, code) in CHECKS
    assert reason_of(code).endswith(".")
    assert len(reason_of(code)) < 400


def test_checks() -> None:
    assert check_of(403, "jwt-expired") == check_of(403, "invalid-client-identifier") == "token"
    assert (check_of(403, "permission_denied"), check_of(503, "service_unavailable")) == ("rechten", "dienst")
    rights = {"permission_denied", "not_authenticated_for_ac"}
    tokens = {code for code, entry in catalogue().items() if entry.status == 403} - rights
    assert len(tokens) > 10
    assert {check_of(403, code) for code in tokens} == {"token"}
