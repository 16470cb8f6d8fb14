"""Shared by zaakverzoek and zaakcontactmoment: a zaak, and the URL of an object about it in another API
(zaken.md §3.6). That API keeps a mirror of the relation."""

import uuid
from typing import Annotated

from sqlalchemy import Index

from services.zaken.gesloten import ALLEEN_BIJWERKEN, zaak_is_nog_niet_gearchiveerd
from services.zaken.mirroring import mirrors_of
from services.zaken.zaak import HOOFD, LEZEN, METADATA, ZAAK_REF
from zgw.check import Check
from zgw.columns import make_table
from zgw.fields import Fields
from zgw.filters import reference
from zgw.mirroring.agreement import Agreement
from zgw.mirroring.undoing import keep
from zgw.resource import Mirrors, Resource
from zgw.types import Ref, Shown, Url

ELDERS = Ref(shape=("url",))


class ZaakRelatieFields(Fields):
    """The fields that clients write, beside the URL."""

    zaak: Annotated[str, ZAAK_REF, Shown(1000, 1)]


class ZaakRelatieShown(Fields):
    """The fields that only responses have."""

    url: Url
    uuid: uuid.UUID


def spiegel(check: Check, wat: str) -> Agreement | None:
    """Let the API of ``wat`` know that it belongs to this zaak, or no longer does."""
    mirrors = mirrors_of(check.resource.name, check.stored or check.row)
    return Agreement(wat, mirrors) if mirrors else None


def zaakrelatie(
    wat: str, path: str, fields: type[Fields], mirrors: Mirrors, description: str, warning: str = ""
) -> Resource:
    """Return the resource of the relations of zaken with ``wat``, the field of ``fields`` that has the URL."""
    table = make_table(METADATA, f"zaak{wat}", fields)
    Index(f"zaak{wat}_{wat}", table.c[wat])
    return Resource(
        name=f"zaak{wat}",
        path=path,
        fields=fields,
        shown=ZaakRelatieShown,
        table=table,
        scopes={"list": LEZEN, "fetch": LEZEN, "create": ALLEEN_BIJWERKEN, "remove": ALLEEN_BIJWERKEN},
        verbs=("list", "create", "fetch", "remove"),
        filters=[reference("zaak", table.c.zaak, ZAAK_REF), reference(wat, table.c[wat], ELDERS)],
        main=HOOFD,
        paginated=False,
        etag=False,
        kanaal="zaken",
        notify=("create",),
        audited=True,
        weergave=lambda row: str(row[wat]),
        unexpandable=("zaak",),
        rules=[zaak_is_nog_niet_gearchiveerd],
        before_removal=[keep],
        mirrors=[mirrors],
        description=description,
        warning=warning,
    )
