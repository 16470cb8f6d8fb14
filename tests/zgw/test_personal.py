"""A BSN reaches no log, trace or metric, however it is written and wherever it is put."""

import io
import json
import logging
import time
import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from beheer import logs, tracing
from gateway import access
from runtime.identity import Caller
from runtime.problems import InvalidParam, Problem
from runtime.redaction import MASK, masked

BSN = "111222333"
SHAPES = [
    BSN,
    BSN[1:],
    f"x{BSN}",
    f"{BSN}x",
    f"bsn{BSN}bsn",
    f"inpBsn_{BSN}_",
    f"-{BSN}-",
    f"zaak-{BSN}",
    f"0{BSN}",
    f"00{BSN}7",
    f"{BSN}{BSN}",
    "111.222.333",
    "111 222 333",
    "111-222-333",
    "1112.22.333",
    "1112 22 333",
    "".join(f"%3{digit}" for digit in BSN),
    "".join(f"%253{digit}" for digit in BSN),
    "".join(f"\\u003{digit}" for digit in BSN),
    f"%3{BSN[0]}{BSN[1:]}",
    "111%20222%20333",
    "١١١٢٢٢٣٣٣",
    "１１１２２２３３３",
    "111%2E222%2e333",
    "x" * 195 + BSN,
    f"{uuid.UUID(int=7)}{BSN}",
]
LEFT = [
    "/zaken/api/v1/zaken/12345678-1234-1234-1234-123456789012",
    "request 12345678901234567890123456789012 refused",
    "2026-11-30T02:02:56.123Z",
    "2026-11-30 02:02:56,123",
    "192.168.178.201:54321",
    "/zaken?datum=2026-01-01%20x",
    "0.123 s, 1234567 bytes",
    "%3A%2F caf%C3%A9",
]


def hidden(text: str) -> bool:
    """Return whether neither the BSN nor eight digits of it can be read from a text."""
    digits = "".join(masked_out for masked_out in text if masked_out.isdigit())
    return BSN not in text and BSN not in digits and BSN[1:] not in digits


@pytest.mark.parametrize("shape", SHAPES)
def test_a_bsn_is_masked(shape: str) -> None:
    assert hidden(masked(shape))
    assert MASK in masked(f"a {shape} b")


@pytest.mark.parametrize("text", LEFT)
def test_what_is_none_is_left(text: str) -> None:
    assert masked(text) == text


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the access log writes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    monkeypatch.setattr(access.log, "handlers", [handler])
    monkeypatch.setattr(access.log, "propagate", False)
    monkeypatch.setattr(access.log, "level", logging.INFO)
    access.log.manager._clear_cache()  # type: ignore[attr-defined]
    return stream


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_access_log(written: io.StringIO, shape: str, log_format: str) -> None:
    for place in range(4):
        values = ["spoor", "vendor", "GET", "/zaken/api/v1/zaken"]
        values[place] = f"{values[place]}/{shape}" if place == 3 else shape
        request_id, client_id, method, path = values
        access.write(log_format, request_id, "deventer", client_id, method, path.encode(), 404, time.perf_counter())
    lines = written.getvalue().splitlines()
    assert len(lines) == 4
    for line in lines:
        # The moment and the duration have digits of their own.
        facts = json.loads(line) if log_format == "json" else {"path": line.split(" ", 1)[1].rsplit(" ", 1)[0]}
        assert all(hidden(str(value)) for name, value in facts.items() if name not in ("time", "ms", "status")), line


@pytest.mark.parametrize("make", [logs.JsonLines, lambda: logs.Quiet("%(levelname)s %(message)s")])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_log_of_problems_and_exceptions(shape: str, make: Any) -> None:
    problem = Problem(400, "invalid", f"Parameter {shape}", [InvalidParam(f"inp{shape}", "unknown", shape)])
    caller = Caller("deventer", shape, ("https://x",), request_id=shape)
    token = logs.current.set({"samenzaak.caller": caller})
    try:
        for error in (ValueError(f"wrong: {shape}"), KeyError(shape), problem):
            try:
                raise error
            except Exception as e:
                info = (type(e), e, e.__traceback__)
            record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "%s %s: %s", ("GET", shape, problem), info)
            line = make().format(record)
            facts = json.loads(line) if line.startswith("{") else {"line": line}
            for name in ("message", "client_id", "request_id", "exception", "line"):
                text = str(facts.get(name, ""))
                assert BSN not in text, text
                assert shape not in text, text
    finally:
        logs.current.reset(token)


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_span(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = InMemorySpanExporter()
    monkeypatch.setattr(tracing, "BatchSpanProcessor", lambda _: SimpleSpanProcessor(kept))
    made = tracing.Tracing("http://127.0.0.1:9", "zaken")
    try:

        async def app(scope: Any, receive: Any, send: Any) -> None:
            made._statement(SimpleNamespace(query=f"SELECT '{shape}'", elapsed=0.1, exception=ValueError(shape)))
            scope["samenzaak.caller"] = Caller("deventer", shape, ("https://x",), request_id=shape)
            raise ValueError(f"wrong: {shape}")

        scope = {"type": "http", "method": f"GET{shape}", "path": f"/zaken/{shape}", "headers": []}
        with pytest.raises(ValueError, match="wrong"):
            await made.wrap(app, "zaken")(scope, None, None)
    finally:
        made.stop()
    spans: tuple[ReadableSpan, ...] = kept.get_finished_spans()
    assert len(spans) == 2
    for span in spans:
        assert not span.events
        texts = [span.name, str(span.status.description), *(str(value) for value in (span.attributes or {}).values())]
        assert all(hidden(text) for text in texts), texts


def test_of_an_endless_path_the_beginning_is_looked_at(written: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []

    def masked(text: str) -> str:
        looked_at.append(text)
        return text

    monkeypatch.setattr(access, "masked", masked)
    access.write("text", "r", "", "", "GET", b"/" + b"%25" * 20_000, 414, 0.0)
    assert max(map(len, looked_at)) == access.LOOKED_AT
    assert written.getvalue().count("%25") == 66
