"""What the guides tell to install is what the tests of their samples run with: a newer major of it is untried."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TESTED = json.loads((ROOT / "tests" / "node" / "package.json").read_text())["devDependencies"]


@pytest.mark.parametrize("page", ["frontends.md", "nl/front-ends.md"])
def test_a_compiler_is_of_the_major_that_is_tried(page: str) -> None:
    lines = re.findall(r"npm install ([^\n]*)", (ROOT / "docs" / page).read_text())
    packages = re.findall(r"(?:^| )(@?[a-z][\w/-]*)(?:@(\d+))?(?= |$)", " ".join(lines).replace("&&", " "))
    named = {name: major for name, major in packages if name in TESTED}
    assert {"typescript", "openapi-typescript", "openapi-fetch", "@types/node"} <= named.keys()
    for name in ("typescript", "openapi-typescript"):
        assert TESTED[name] == f"^{named[name]}"
