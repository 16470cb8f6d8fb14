"""Forms of an upload that are all parts and no file."""

import pytest

from tests.answers import problem
from tests.documenten.maak_document import document
from tests.maak import Types
from tests.stack import Client


@pytest.mark.parametrize("options", ['name="lock"', 'name="onbekend"', 'name="onbekend"; filename="inhoud"'])
async def test_a_form_of_many_parts_is_refused_at_once(api: Client, types: Types, options: str) -> None:
    """Each part takes as much time as thousands of bytes of a file: 21 MB of them took seven seconds."""
    made = await document(api, informatieobjecttype=types.informatieobjecttype, inhoud=None, bestandsomvang=20)
    part = f"--X\r\nContent-Disposition: form-data; {options}\r\n\r\n\r\n"
    answer = await api.request(
        "PUT",
        made["bestandsdelen"][0]["url"],
        content=(part * 20_000 + "--X--").encode(),
        headers={"Content-Type": "multipart/form-data; boundary=X"},
    )
    assert problem(answer) == (400, "parse_error")
    assert answer.json()["detail"] == "Het formulier heeft te veel velden."
