"""What our services may ask of each other with their own credentials (zgw/between.py)."""

import pytest

from runtime.tenancy import SERVICES
from zgw.between import may_ask

UUID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
CLIENT = "/_intern/client"


@pytest.mark.parametrize(
    ("caller", "callee", "method", "path"),
    [
        ("besluiten", "zaken", "POST", f"/zaken/api/v1/zaken/{UUID}/besluiten"),
        ("besluiten", "zaken", "DELETE", f"/zaken/api/v1/zaken/{UUID}/besluiten/{UUID}"),
        ("zaken", "documenten", "DELETE", f"/documenten/api/v1/objectinformatieobjecten/{UUID}"),
        ("catalogi", "zaken", "GET", "/_intern/uses"),
        ("zaken", "catalogi", "POST", "/_intern/objects/zaaktypen"),
    ],
)
def test_one_pair_may_ask_one_thing(caller: str, callee: str, method: str, path: str) -> None:
    assert may_ask(caller, callee, method, path)
    # Neither the other way around, nor with another method, nor more than the path.
    assert not may_ask(callee, caller, method, path)
    assert not may_ask(caller, callee, "PATCH", path)
    assert not may_ask(caller, callee, method, f"{path}/meer")
    assert not may_ask(caller, callee, method, f"/x{path}")


def test_all_may_ask_for_the_rights_of_a_client() -> None:
    assert all(may_ask(each, "autorisaties", "GET", CLIENT) for each in SERVICES)
    assert {each for each in SERVICES if may_ask("zaken", each, "GET", CLIENT)} == {"zaken", "autorisaties"}


def test_with_the_rights_of_a_client_a_service_only_reads() -> None:
    assert may_ask("zaken", "documenten", "POST", "/_intern/objects/gebruiksrechten", for_client=True)
    assert not may_ask("zaken", "documenten", "POST", "/_intern/objectinformatieobjecten", for_client=True)
    assert not may_ask("zaken", "zaken", "DELETE", f"/zaken/api/v1/zaken/{UUID}", for_client=True)
