"""Field types: what holds for a field holds inside a group too."""

from typing import Annotated

from zgw.fields import Fields, Ref


class Inner(Fields):
    zaak: Annotated[str, Ref("zaken", "zaken")]


class Outer(Fields):
    zaak: Annotated[str, Ref("zaken", "zaken")]
    group: Inner
    items: list[Inner]


def test_own_urls_become_paths_at_every_depth() -> None:
    own = {"zaak": "http://samenzaak.test/zaken/api/v1/zaken/1"}
    found = Outer.model_validate({**own, "group": own, "items": [own]}, context={"bases": ("http://samenzaak.test",)})
    path = {"zaak": "/zaken/api/v1/zaken/1"}
    assert found.model_dump(by_alias=True) == {**path, "group": path, "items": [path]}
