"""What separate processes tell of themselves: logs with the request, metrics, traces, and nothing personal."""

import asyncio
import json
import os
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.operatie.conftest import Collector
from tests.operatie.load import CATALOGUSSEN, catalogus
from tests.operatie.metrieken import metrics_of
from tests.stack import Client, Stack
from tests.waiting import until

BSN = "111222333"


def log_of(stack: Stack) -> str:
    return (stack.settings.home / "split.log").read_text()


def lines_of(stack: Stack, request_id: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log_of(stack).splitlines() if request_id in line]


async def test_every_process_logs_the_request_with_its_id_municipality_and_client(apart: Stack, vendor: Client) -> None:
    request_id = f"spoor-{uuid.uuid4().hex}"
    body = {
        "bronorganisatie": "517439943",
        "verantwoordelijkeOrganisatie": "517439943",
        "zaaktype": f"http://samenzaak.test/catalogi/api/v1/zaaktypen/{uuid.uuid4()}",
        "startdatum": "2026-01-01",
    }
    answer = await vendor.post("/zaken/api/v1/zaken", body, headers={"X-Request-Id": request_id})
    assert answer.status_code == 400
    found = await until(lambda: {line.get("service") for line in lines_of(apart, request_id)} >= {"gateway", "zaken"})
    assert found
    for line in lines_of(apart, request_id):
        assert line["tenant"] == "deventer"
        assert line["client_id"] in ("vendor", "samenzaak-zaken")
    # Zaken asks Catalogi for the zaaktype, on behalf of the same request.
    services = {line.get("service") for line in lines_of(apart, request_id)}
    assert "catalogi" in services
    # What the service itself writes belongs to the request as well.
    assert [line for line in lines_of(apart, request_id) if line["logger"] == "samenzaak.service"]


async def test_the_log_holds_no_bsn_query_string_or_secret(apart: Stack, vendor: Client) -> None:
    request_id = f"geheim-{uuid.uuid4().hex}"
    headers = {"X-Request-Id": request_id}
    await vendor.get(
        f"/zaken/api/v1/zaken?rol__betrokkeneIdentificatie__natuurlijkPersoon__inpBsn={BSN}", headers=headers
    )
    await vendor.get(f"/zaken/api/v1/zaken/{BSN}", headers=headers)
    await vendor.get(f"/zaken/api/v1/{BSN}?bsn={BSN}", headers=headers)
    await vendor.post("/zaken/api/v1/rollen", {"betrokkeneIdentificatie": {"inpBsn": BSN}, BSN: BSN}, headers=headers)
    await until(lambda: len([x for x in lines_of(apart, request_id) if x.get("service") == "gateway"]) == 4)
    await asyncio.sleep(0.2)
    text = log_of(apart)
    assert BSN not in text
    assert vendor.secret not in text
    assert "Bearer ey" not in text
    assert not [line for line in lines_of(apart, request_id) if "?" in line.get("path", "")]
    for line in text.splitlines():
        json.loads(line)


async def test_metrics_of_the_gateway_and_a_service_by_tenant_and_status(apart: Stack, vendor: Client) -> None:
    labels = 'method="GET",service="besluiten",status="404",tenant="deventer"'
    names = {"gateway": "samenzaak_gateway_requests_total", "besluiten": "samenzaak_service_requests_total"}
    before = {part: (await metrics_of(apart, part)).get(f"{name}{{{labels}}}", 0) for part, name in names.items()}
    for _ in range(3):
        assert (await vendor.get(f"/besluiten/api/v1/besluiten/{uuid.uuid4()}")).status_code == 404
    for part, name in names.items():
        found = await metrics_of(apart, part)
        assert found[f"{name}{{{labels}}}"] == before[part] + 3
        of_time = 'method="GET",service="besluiten",tenant="deventer"'
        assert found[f"{name.removesuffix('s_total')}_seconds_count{{{of_time}}}"] >= 3
    pool = await metrics_of(apart, "besluiten")
    assert pool['samenzaak_pool_connections{service="besluiten",state="max"}'] == apart.settings.pool_size
    assert pool['samenzaak_pool_connections{service="besluiten",state="idle"}'] >= 1
    assert pool["process_resident_memory_bytes"] < 250 * 1024**2


async def test_metrics_of_the_worker_tell_what_waits(apart: Stack) -> None:
    found = await metrics_of(apart, "worker")
    for service in ("zaken", "documenten", "catalogi", "besluiten", "autorisaties"):
        for tenant in ("deventer", "raalte"):
            assert f'samenzaak_outbox_messages{{service="{service}",tenant="{tenant}"}}' in found
    assert found['samenzaak_deliveries{state="failed",tenant="raalte"}'] == 0
    # The services leave it to the worker.
    assert not [name for name in await metrics_of(apart, "zaken") if name.startswith("samenzaak_outbox")]


async def test_metrics_cannot_be_reached_through_the_gateway(apart: Stack, vendor: Client) -> None:
    for path in ("/metrics", "/zaken/metrics", "/zaken/api/v1/metrics", "/_intern/metrics", "/_intern/health"):
        assert (await vendor.get(path)).status_code == 404


def _ids(span: Span) -> tuple[bytes, bytes]:
    return span.trace_id, span.span_id


async def test_a_trace_goes_through_gateway_services_and_database(
    apart: Stack, vendor: Client, collector: Collector
) -> None:
    trace_id, parent = uuid.uuid4().hex, "00f067aa0ba902b7"
    headers = {"traceparent": f"00-{trace_id}-{parent}-01"}
    body = {**catalogus(uuid.uuid4().int % 10_000_000), "naam": f"BSN {BSN}"}
    assert (await vendor.post(CATALOGUSSEN, body, headers=headers)).status_code == 201

    def mine() -> dict[str, list[Span]]:
        spans: dict[str, list[Span]] = {}
        for name, span in collector.spans:
            if span.trace_id.hex() == trace_id:
                spans.setdefault(name, []).append(span)
        return spans if {"samenzaak-gateway", "samenzaak-catalogi"} <= set(spans) else {}

    spans = await until(mine)
    gateway = spans["samenzaak-gateway"][0]
    assert gateway.parent_span_id.hex() == parent
    assert gateway.name == f"POST {CATALOGUSSEN}"
    served = [span for span in spans["samenzaak-catalogi"] if span.kind == Span.SPAN_KIND_SERVER]
    assert [span.parent_span_id for span in served] == [gateway.span_id]
    facts = {a.key: a.value.string_value for a in served[0].attributes}
    assert (facts["samenzaak.tenant"], facts["samenzaak.client_id"]) == ("deventer", "vendor")
    statements = [span for span in spans["samenzaak-catalogi"] if span.kind == Span.SPAN_KIND_CLIENT]
    assert {span.parent_span_id for span in statements} == {served[0].span_id}
    assert "INSERT" in {span.name for span in statements}
    assert BSN not in str(spans)


@pytest.mark.long
async def test_without_an_endpoint_nothing_is_loaded(apart: Stack) -> None:
    code = (
        "import sys; import beheer.part, beheer.serve\n"
        "from beheer.observing import Observing; from runtime.settings import Settings\n"
        "Observing(Settings(), 'x')\n"
        "sys.exit(any(name.startswith(('opentelemetry.sdk', 'opentelemetry.exporter')) for name in sys.modules))"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, env=_environment())
    assert await process.wait() == 0


def _environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])}
