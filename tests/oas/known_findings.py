"""What linters find in our documents and stays as it is: mostly names and forms that the ZGW standard prescribes.

Each row says why. A finding without a row fails ``test_design_rules.py``, and so does a row without a finding.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What a linter says of one place in the document of an API. ``place`` is a JSON pointer."""

    service: str
    rule: str
    place: str
    message: str


@dataclass(frozen=True)
class Known:
    """Findings of one rule that have one reason. ``services`` is a pattern, as is ``about``: of what the message ends
    with, the word or the name that is judged; or of the end of the place when it begins with a slash."""

    rule: str
    about: str
    reason: str
    services: str = ".*"

    def covers(self, finding: Finding) -> bool:
        """Return whether this row is about ``finding``."""
        text = finding.place if self.about.startswith("/") else finding.message
        same = finding.rule == self.rule and re.fullmatch(self.services, finding.service)
        return bool(same and re.search(rf"(?:^|(?<=[ /])|(?=/))(?:{self.about})$", text))


KEBAB, CAMEL = "/core/path-segments-kebab-case", "/core/query-keys-camel-case"
PLURAL, PRIVATE = "/core/naming-collections", "/core/transport/no-sensitive-uris"
PERSONS = "The standard looks for the zaken and rollen of a person by it. POST zaken/_zoek takes it in the body."

KNOWN = (
    Known(KEBAB, "_zoek", "A path of the standard.", "zaken|documenten"),
    Known(KEBAB, "_import|_export", "As Open Zaak calls the exchange of a catalogus.", "catalogi"),
    Known(KEBAB, "zaaknummer_reserveren", "A path of the standard.", "zaken"),
    Known(KEBAB, "reserveer_zaaknummer", "As Open Zaak calls it beside the path of the standard.", "zaken"),
    Known(KEBAB, "documentnummer_reserveren", "As Open Zaak calls it, like that of zaken.", "documenten"),
    Known(KEBAB, "zaak_(registreren|bijwerken|afsluiten|opschorten|verlengen)", "As Open Zaak calls it.", "zaken"),
    Known(KEBAB, "document_registreren", "As Open Zaak calls it.", "documenten"),
    Known(KEBAB, "besluit_verwerken", "As Open Zaak calls it.", "besluiten"),
    Known(CAMEL, r"\w+__\w+", "The standard writes a comparison, and a way along a relation, with two underscores."),
    Known(CAMEL, "datum_geldigheid", "A parameter of the standard, beside datumGeldigheid.", "catalogi"),
    Known(CAMEL, "zaaktype_identificatie", "A parameter of the standard.", "catalogi"),
    Known(CAMEL, "objectinformatieobjecten_object(Type)?", "A parameter of the standard.", "documenten"),
    Known(PLURAL, "audittrail", "A path of the standard.", "zaken|documenten|besluiten"),
    Known(PLURAL, "abonnement|kanaal", "A path of the standard.", "notificaties"),
    Known(PRIVATE, r"\w*inpBsn", PERSONS, "zaken"),
    Known(PRIVATE, r"\w*inpA_nummer", PERSONS, "zaken"),
    Known(
        "oas3-operation-security-defined",
        r"/security/0/JWT-Claims/\d+",
        "The standard writes the scopes of an operation beside a bearer token; OpenAPI 3.0 has them for OAuth.",
    ),
    Known(
        "nullable-type-sibling",
        r"/properties/\w+/nullable",
        "The standard writes `allOf` and `nullable` for a group that may be null. Generators of clients read it so, and"
        " read what is strictly right wrongly (oas/schemas.py).",
    ),
)
