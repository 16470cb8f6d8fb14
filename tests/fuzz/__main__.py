"""``make fuzz``: requests that the OAS allows, and requests that it forbids, to a running Samenzaak with real data.

No request may be answered with a 5xx, with a status or content type that the OAS does not declare, or with another
shape than it declares. The run is the same each time (a fixed seed), talks to this machine only, and takes minutes.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import httpx
import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    status_code_conformance,
)

from runtime.tenancy import SERVICES
from tests.fuzz.pools import Pools

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]
CLIENT = "zaaksysteem-deventer"


@contextmanager
def running(folder: Path) -> Iterator[tuple[str, str]]:
    """Run ``samenzaak serve --demo`` in an empty folder; give its URL and a token, and end it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SAMENZAAK_")}
    environment = {
        **clean,
        "SAMENZAAK_HOME": str(folder / "home"),
        "SAMENZAAK_PORT": str(port),
        "SAMENZAAK_LOG_LEVEL": "info",
        "SAMENZAAK_CALLBACK_CHECK": "false",
        "SAMENZAAK_OUTGOING_CONNECT_TIMEOUT": "1",
        "SAMENZAAK_OUTGOING_TIMEOUT": "5",
        "SAMENZAAK_CLIENT_RATE": "0",
        "SAMENZAAK_TENANT_RATE": "0",
    }
    log = (folder / "log").open("wb")
    command = [sys.executable, "-m", "beheer"]
    server = subprocess.Popen([*command, "serve", "--demo"], env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        end = time.monotonic() + 120
        while b"curl" not in (folder / "log").read_bytes():
            if server.poll() is not None or time.monotonic() > end:
                sys.exit(f"the demo did not come up:\n{(folder / 'log').read_text()[-3000:]}")
            time.sleep(0.2)
        token = subprocess.check_output([*command, "token", "deventer", CLIENT], env=environment, text=True).strip()
        yield f"http://localhost:{port}", token
    finally:
        server.terminate()
        server.wait(60)
        log.close()


class Run:
    """One run: what was sent, and what was answered as it should not be."""

    def __init__(self, url: str, token: str, seed: int, deadline: float) -> None:
        headers = {"Authorization": f"Bearer {token}", "Accept-Crs": "EPSG:4326", "Content-Crs": "EPSG:4326"}
        self.url, self.seed, self.deadline, self.headers = url, seed, deadline, headers
        self.http = httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False)
        self.pools = Pools(seed)
        self.statuses: Counter[int] = Counter()
        self.findings: dict[tuple[str, str], str] = {}
        self.cut_short = 0

    def fill(self) -> None:
        """Read what the demo made. The client's own Applicatie is spared: without it everything is refused."""
        get = lambda path: self.http.get(path).raise_for_status().json()  # noqa: E731
        self.pools.fill(get, lambda found: CLIENT in found.get("clientIds", ()))

    def service(self, service: str, examples: int) -> None:
        """Fuzz every operation of a service, those that remove something last."""
        document = self.http.get(f"/{service}/api/v1/openapi.json").raise_for_status().json()
        schema = schemathesis.openapi.from_dict(document)
        operations = [found.ok() for found in cast("Any", schema.get_all_operations())]
        for operation in sorted(operations, key=lambda o: (o.method == "delete", o.label)):
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                self.operation(operation, f"{self.url}/{service}/api/v1", mode, examples)

    def operation(self, operation: Any, base: str, mode: GenerationMode, examples: int) -> None:
        """Send a number of requests to one operation."""

        @hypothesis.seed(self.seed)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        def send(case: Any) -> None:
            if time.monotonic() > self.deadline:
                self.cut_short += 1
                return
            self.send(case, operation, base)

        # Not everything can be made wrong: an operation without input has no forbidden requests.
        with suppress(hypothesis.errors.Unsatisfiable):
            send()

    def send(self, case: Any, operation: Any, base: str) -> None:
        """Send one request and judge the answer."""
        self.pools.path(operation.path, case.path_parameters)
        case.query = self.pools.values(case.query)
        if isinstance(case.body, dict | list):
            case.body = self.pools.values(case.body)
        for name in ("Authorization", "Accept-Crs", "Content-Crs"):
            if case.headers is not None:
                case.headers.pop(name, None)
        response = case.call(base_url=base, headers=self.headers, timeout=30)
        self.statuses[response.status_code] += 1
        if response.status_code == 201:
            self.pools.add(response.json())
        self.judge(operation.label, case, response, lambda: case.validate_response(response, checks=CHECKS))
        self.judge(operation.label, case, response, lambda: operation.validate_response(response))

    def judge(self, label: str, case: Any, response: Any, check: Callable[[], Any]) -> None:
        """Keep what a check finds."""
        try:
            check()
        except FailureGroup as group:
            for failure in group.exceptions:
                self.note(label, failure, case, response)
        except Failure as failure:
            self.note(label, failure, case, response)

    def note(self, label: str, failure: Any, case: Any, response: Any) -> None:
        """Keep the first of each kind of failure of an operation."""
        what = f"{failure.title}: {failure.message.splitlines()[0] if failure.message else ''}"
        answer = f"{response.status_code} {response.text[:600]}"
        shown = f"{case.as_curl_command()}\n    {answer}\n    {failure.message[:900]}"
        self.findings.setdefault((label, what), shown)


def tell(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Fuzz, report, and tell by the status whether nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("services", nargs="*", default=SERVICES)
    parser.add_argument("--examples", type=int, default=8, help="requests of each kind for each operation")
    parser.add_argument("--seconds", type=float, default=420, help="no requests are sent after so many seconds")
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--report", type=Path, help="write the findings there too, as JSON")
    given = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as (url, token):
        run = Run(url, token, given.seed, began + given.seconds)
        run.fill()
        for service in given.services:
            start, sent = time.monotonic(), sum(run.statuses.values())
            run.service(service, given.examples)
            sent = sum(run.statuses.values()) - sent
            tell(f"{service}: {sent} requests in {time.monotonic() - start:.0f} s")
        log = (Path(folder) / "log").read_text()
    tell("statuses: " + ", ".join(f"{status}: {count}" for status, count in sorted(run.statuses.items())))
    for (label, what), shown in run.findings.items():
        tell(f"\n{label}\n  {what}\n    {shown}")
    if given.report:
        given.report.write_text(json.dumps([[*key, shown] for key, shown in run.findings.items()], indent=1))
        given.report.with_suffix(".log").write_text(log)
    if run.cut_short:
        tell(f"{run.cut_short} requests were not sent: the time was up")
    tell(f"\n{len(run.findings)} findings")
    sys.exit(bool(run.findings))


if __name__ == "__main__":
    main()
