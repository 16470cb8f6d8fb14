"""The process that judges an object by its definition: started by ``zaakobject_definitie``, imported by nobody.

It names on standard output each step that it begins, and ``done`` when all went well.
"""

import contextlib
import json
import os
import re
import resource
import sys
import time
from pathlib import Path
from typing import Any

MEGABYTE = 1024 * 1024
MEMORY = 256 * MEGABYTE
"""Of addresses, most of which are those of the libraries."""
CPU_SECONDS = 1
MAX_RESULT = MEGABYTE

FORBIDDEN = re.compile(r"\b(import|include|modulemeta|input|inputs|debug|stderr|input_filename|get_search_list)\b")
"""Words of jq that reach outside its input: modules are files, and the others read or write streams."""


def limit() -> None:
    """Take away what the work does not need, and go last: when the machine is short of anything, this is it."""
    os.nice(10)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    used = time.process_time()
    resource.setrlimit(resource.RLIMIT_CPU, (int(used) + 1 + CPU_SECONDS, int(used) + 1 + CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def first(program: str, value: Any) -> Any:
    """Return the first result of a jq program; raise ValueError when there is none or it reaches outside."""
    import jq

    if FORBIDDEN.search(program):
        raise ValueError("this program reaches outside its input")
    for found in jq.compile(program).input_value(value):
        if len(json.dumps(found)) > MAX_RESULT:
            raise ValueError("the result is too large")
        return found
    raise ValueError("the program has no result")


def main() -> None:
    """Read the task, do it, and tell how far it came."""
    # Everything is loaded before the limits, which are meant for the work itself.
    import jq  # noqa: F401
    import jsonschema
    from jsonschema_specifications import REGISTRY

    task = json.loads(sys.stdin.buffer.read())
    limit()
    say("schema")
    schema = first(task["schema"], task["described"])
    if not isinstance(schema, dict) or not schema:
        raise ValueError("no schema")
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    say("objectData")
    data = first(task["data"], task["found"])
    if data is None:
        raise ValueError("no data")
    say("object")
    # The registry knows the drafts only, so that a $ref to elsewhere fetches nothing.
    kind(schema, registry=REGISTRY).validate(data)
    say("done")


def say(step: str) -> None:
    """Name a step."""
    sys.stdout.write(step + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        main()
    except Exception:
        sys.exit(1)
