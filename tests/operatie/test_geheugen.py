"""What exists at the start of a server is left out of garbage collections; what is made later is collected."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from beheer.split import as_environment
from runtime.tenancy import SERVICES
from tests.opdracht import environment, free_port
from tests.stack import Stack

ROOT = Path(__file__).parents[2]
NOWHERE = "http://127.0.0.1:9"

WATCHED = """
import gc, json, sys, threading, weakref

class Node:
    pass

def garbage():
    node = Node()
    node.itself = node
    return weakref.ref(node)

def tell():
    for line in sys.stdin:
        kept, first = gc.get_freeze_count(), garbage()
        # Before it is ready there is nothing to tell, and garbage would only keep it from its start.
        for _ in range(1_000_000 if kept else 0):
            if first() is None:
                break
            garbage()
        print(json.dumps({"kept": kept, "gone": first() is None}), flush=True)

threading.Thread(target=tell, daemon=True).start()
"""
"""Put before a server: answers each line of its input with how its memory is."""

SERVERS = {
    "serve": "from beheer.cli import app; app(['serve'])",
    "serve_service": "from beheer.part import main; main(['autorisaties'])",
}


@pytest.mark.parametrize("server", SERVERS)
def test_what_exists_at_the_start_is_kept_and_what_is_made_later_is_collected(stack: Stack, server: str) -> None:
    urls = dict.fromkeys(SERVICES, NOWHERE) if server == "serve_service" else {}
    changed = {"database_url": stack.dsn, "service_urls": urls, "port": free_port(), "log_level": "error"}
    with subprocess.Popen(
        [sys.executable, "-c", WATCHED + SERVERS[server]],
        cwd=ROOT,
        env={**environment(), **as_environment(stack.settings.model_copy(update=changed))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        facts: dict[str, Any] = {"kept": 0}
        deadline = time.monotonic() + 120
        try:
            while not facts["kept"] and time.monotonic() < deadline:
                process.stdin.write("how?\n")
                process.stdin.flush()
                facts = json.loads(process.stdout.readline())
                time.sleep(0.05)
        finally:
            process.kill()
    assert facts["kept"] > 100_000
    assert facts["gone"]
