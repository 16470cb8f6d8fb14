"""What the OAS tells of import and export: enough to call them."""

from beheer.provision import api_of
from oas.openapi import document

ZIP = {"application/zip": {"schema": {"type": "string", "format": "binary"}}}


def test_import_takes_a_file_and_says_how() -> None:
    import_ = document(api_of("catalogi"), "https://zgw.example.nl")["paths"]["/_import"]["post"]
    assert import_["requestBody"] == {"required": True, "content": ZIP}
    values = {each["name"]: each["schema"]["enum"] for each in import_["parameters"]}
    assert values == {"modus": ["behoud", "nieuwe-versie", "ontbrekende"], "proef": ["true", "false"]}
    assert all(each["description"] for each in import_["parameters"])


def test_export_gives_a_file() -> None:
    export = document(api_of("catalogi"), "https://zgw.example.nl")["paths"]["/_export"]["get"]
    assert export["responses"]["200"]["content"] == ZIP
