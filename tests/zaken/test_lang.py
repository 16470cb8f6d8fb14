"""Long lists in a body: each item costs time in which a process answers nobody."""

from tests.zaken.zaakmaker import Zaakmaker, errors
from zgw.problems import MAX_ERRORS


async def test_no_more_errors_are_told_than_anyone_reads(zaken: Zaakmaker) -> None:
    body = zaken.body(kenmerken=[{}] * (MAX_ERRORS * 20))
    answer = await zaken.api.post("/zaken/api/v1/zaken", body)
    assert answer.status_code == 400
    params = answer.json()["invalidParams"]
    assert (len(params), params[0]["name"], params[0]["code"]) == (MAX_ERRORS, "kenmerken.0.kenmerk", "required")


async def test_an_applicatie_has_a_number_of_clients(zaken: Zaakmaker) -> None:
    body = {"clientIds": [f"lang-{n}" for n in range(1001)], "label": "lang", "heeftAlleAutorisaties": True}
    answer = await zaken.api.post("/autorisaties/api/v1/applicaties", body)
    assert (answer.status_code, errors(answer)) == (400, [("clientIds", "max_length")])
