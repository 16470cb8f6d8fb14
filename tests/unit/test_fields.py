"""Types of fields (common.md §2): numbers with a check, lengths, durations, and own URLs as paths, at any depth."""

from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from zgw.fields import Fields
from zgw.problems import from_pydantic
from zgw.types import Duration, Email, Length, OptionalRsin, Ref, Rsin, Url, Whole, path_of

BASES = ("http://samenzaak.test", "https://deventer.test")
UUID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def code(type_: Any, value: Any) -> str:
    """Return the code of the error that a value gives, or an empty string."""
    try:
        TypeAdapter(type_).validate_python(value, context={"bases": BASES})
    except ValidationError as wrong:
        return from_pydantic(wrong.errors())[0].code
    return ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("517439943", ""),
        ("000000000", ""),
        ("111222333", ""),
        ("517439944", "invalid"),
        ("51743994", "min_length"),
        ("5174399430", "max_length"),
        ("51743994x", "only-digits"),
        ("٥١٧٤٣٩٩٤٣", "only-digits"),
    ],
)
def test_the_eleven_test(value: str, expected: str) -> None:
    assert (code(Rsin, value), code(OptionalRsin, value)) == (expected, expected)
    assert (code(Rsin, ""), code(OptionalRsin, "")) == ("blank", "")


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        (Annotated[str, Length(3, 1)], ["a", "ééé"], ["", "abcd"]),
        (Annotated[list[int], Length(2)], [[], [1, 2]], [[1, 2, 3]]),
        (Annotated[list[int] | None, Length(1)], [None, [1]], [[1, 2]]),
        (Annotated[int, Whole(1, 5)], [1, 5, "3", 2.0], [0, 6, True, 1.5, "x", None]),
        (
            Duration,
            ["P1Y", "P1Y2M3W4D", "PT1H2M3.5S", "P0D"],
            ["", "P", "PT", "1Y", "P1.5Y", "-P1Y", "P1234567Y", "P\u0661Y"],
        ),
        (Email, ["", "a@example.org"], ["a", "a@b", "a b@example.org", "a@example.", "a@b@example.org"]),
        (
            Url,
            ["https://x.nl", "HTTP://x.nl/a?b#c", "http://[::1]:8000/"],
            ["", "x.nl", "ftp://x.nl", "http://", "http://a@x.nl", "http://x.nl:99999/", "http://x.nl/a b"],
        ),
    ],
)
def test_what_a_type_takes(type_: Any, good: list[Any], bad: list[Any]) -> None:
    assert [value for value in good if code(type_, value)] == []
    assert [value for value in bad if not code(type_, value)] == []


@pytest.mark.parametrize(
    ("url", "path"),
    [
        (f"http://samenzaak.test/zaken/api/v1/zaken/{UUID}", f"/zaken/api/v1/zaken/{UUID}"),
        (f"https://deventer.test/zaken/api/v1/zaken/{UUID.upper()}", f"/zaken/api/v1/zaken/{UUID}"),
        # A uuid, a scheme and a host are the same in capitals, other parts are not.
        ("http://samenzaak.test/zaken/api/v1/Zaken/1", "/zaken/api/v1/Zaken/1"),
        ("HTTPS://Deventer.Test/zaken/api/v1/Zaken/1", "/zaken/api/v1/Zaken/1"),
        ("HTTPS://Elders.Test/zaken/api/v1/Zaken/1", "HTTPS://Elders.Test/zaken/api/v1/Zaken/1"),
        # The port of a scheme says nothing more.
        ("https://deventer.test:443/zaken/api/v1/zaken/1", "/zaken/api/v1/zaken/1"),
        ("http://samenzaak.test:80/zaken/api/v1/zaken/1", "/zaken/api/v1/zaken/1"),
        ("https://deventer.test:80/zaken/api/v1/zaken/1", "https://deventer.test:80/zaken/api/v1/zaken/1"),
        ("http://samenzaak.test:8080/zaken/1", "http://samenzaak.test:8080/zaken/1"),
        ("HTTP://SAMENZAAK.TEST", "HTTP://SAMENZAAK.TEST"),
        ("http://samenzaak.test.elders/zaken", "http://samenzaak.test.elders/zaken"),
        ("http://samenzaak.test", "http://samenzaak.test"),
        ("https://elders.test/zaken/api/v1/zaken/1", "https://elders.test/zaken/api/v1/zaken/1"),
        # Neither does the scheme of a host of ours.
        (f"http://deventer.test/zaken/api/v1/zaken/{UUID}", f"/zaken/api/v1/zaken/{UUID}"),
        (f"https://samenzaak.test/zaken/api/v1/zaken/{UUID}", f"/zaken/api/v1/zaken/{UUID}"),
        ("HTTPS://Samenzaak.Test:443/zaken/1", "/zaken/1"),
        ("http://elders.test/zaken/1", "http://elders.test/zaken/1"),
        ("ftp://deventer.test/zaken/1", "ftp://deventer.test/zaken/1"),
        ("https://deventer.test@elders.test/zaken/1", "https://deventer.test@elders.test/zaken/1"),
    ],
)
def test_own_urls_become_paths(url: str, path: str) -> None:
    assert path_of(url, BASES) == path


class Inner(Fields):
    zaak: Annotated[str, Ref("zaken", "zaken")]


class Outer(Fields):
    zaak: Annotated[str, Ref("zaken", "zaken")]
    group: Inner
    items: list[Inner]


def test_own_urls_become_paths_at_every_depth() -> None:
    own = {"zaak": "http://samenzaak.test/zaken/api/v1/zaken/1"}
    found = Outer.model_validate({**own, "group": own, "items": [own]}, context={"bases": BASES})
    path = {"zaak": "/zaken/api/v1/zaken/1"}
    assert found.model_dump(by_alias=True) == {**path, "group": path, "items": [path]}
