"""What a file for ``samenzaak apply`` says of the reading log."""

from pathlib import Path
from typing import Any

from beheer import reading_log
from gateway import registry
from tests.beheer.toepassen import applied, told
from tests.inzage.lezen import Gemeente
from tests.stack import Stack


async def test_a_file_says_what_is_recorded(stack: Stack, gemeente: Gemeente, tmp_path: Path) -> None:
    name, client = gemeente.name, "kopie"
    async with stack.admin() as admin:
        await registry.add_label(admin, name, client, client)
    activity = "https://register.example/activiteiten/1"

    def content(**municipality: Any) -> dict[str, Any]:
        return {"municipalities": {name: {"naam": name.title(), "rsin": "000000000", **municipality}}}

    asked = {"inzageUitgezonderd": "Kopie", "verwerkingsactiviteit": activity, "label": client}
    wanted = content(inzage="alles", inzageMaanden=24, clients={client: asked})
    expected = [
        "~ reading log",
        "    objecten -> alles",
        "    kept for 12 -> 24 months",
        f"~ reading log of {client}",
        "    not recorded: Kopie",
        f"    activity none -> {activity}",
    ]
    assert told(await applied(stack, tmp_path, wanted, dry_run=True), name) == expected
    assert told(await applied(stack, tmp_path, wanted), name) == expected
    assert told(await applied(stack, tmp_path, wanted), name) == []
    async with stack.admin() as admin:
        found = await reading_log.choices_of(admin, name)
    assert (found.choice, found.months) == ("alles", 24)
    assert (found.left_out, found.activities) == ({client: "Kopie"}, {client: activity})
    back = {"inzageUitgezonderd": "", "verwerkingsactiviteit": "", "label": client}
    assert len(told(await applied(stack, tmp_path, content(inzage="objecten", clients={client: back})), name)) == 5
