"""What ``tests/whole_lists.py`` takes for a whole list, and what not."""

from typing import Any

import httpx
import pytest

from tests.whole_lists import is_whole, refuse

ZAKEN = "http://samenzaak.test/zaken/api/v1/zaken"
MINE: list[dict[str, Any]] = [{"component": "zrc", "scopes": ["zaken.lezen"], "zaaktype": "http://samenzaak.test/1"}]
ALL_OF_THEM: list[dict[str, Any]] = [{"component": "zrc", "scopes": ["zaken.lezen"]}]


@pytest.mark.parametrize("query", ["", "?page=2", "?pageSize=1&expand=status", "?ordering=-startdatum"])
def test_without_a_filter_a_list_is_whole(query: str) -> None:
    url = httpx.URL(ZAKEN + query)
    assert is_whole("GET", url, None)
    assert is_whole("GET", url, ALL_OF_THEM)
    with pytest.raises(AssertionError, match="has what other tests left"):
        refuse("GET", url, None)


@pytest.mark.parametrize(
    "url", [f"{ZAKEN}?identificatie=x", f"{ZAKEN}/7c9e6679", f"{ZAKEN}/7c9e6679/zaakeigenschappen", f"{ZAKEN}/_zoek"]
)
def test_what_was_asked_for_is_no_whole_list(url: str) -> None:
    refuse("GET", httpx.URL(url), None)


def test_a_client_with_rights_on_a_type_sees_no_others() -> None:
    assert not is_whole("GET", httpx.URL(ZAKEN), MINE)
    assert is_whole("GET", httpx.URL("http://samenzaak.test/catalogi/api/v1/zaaktypen?status=alles"), MINE)
    assert not is_whole("GET", httpx.URL("http://samenzaak.test/notificaties/api/v1/abonnement"), MINE)
    assert is_whole("GET", httpx.URL("http://samenzaak.test/notificaties/api/v1/abonnement"), None)


def test_writing_is_no_reading() -> None:
    assert not is_whole("POST", httpx.URL(ZAKEN), None)
