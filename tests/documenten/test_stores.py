"""The storage itself on each kind of store: S3, Google and Azure (the local folder is in the other tests)."""

import base64
import hashlib
import hmac
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import boto3
import httpx
import pytest

from runtime.problems import Problem
from services.documenten.storage import PIECE, Storage
from tests.documenten.google import google
from tests.documenten.maak_document import content_of
from tests.operatie.conftest import free_ports

ACCOUNT, KEY = "proef", base64.b64encode(hashlib.sha512(b"proef").digest()).decode()


def _make_container(url: str) -> None:
    """Make a container, which obstore cannot: a request that is signed as Azure wants."""
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-08-06"}
    signed = "".join(f"{name}:{value}\n" for name, value in headers.items())
    text = f"PUT{12 * chr(10)}{signed}/{ACCOUNT}{httpx.URL(url).path}\nrestype:container"
    mac = hmac.digest(base64.b64decode(KEY), text.encode(), "sha256")
    headers["authorization"] = f"SharedKey {ACCOUNT}:{base64.b64encode(mac).decode()}"
    httpx.put(f"{url}?restype=container", headers=headers).raise_for_status()


@pytest.fixture(scope="module")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an Azure server in a process of its own: npm's ``azurite``, which is no part of the project."""
    program = shutil.which("azurite-blob")
    if program is None:
        pytest.skip("azurite is not installed (npm install --global azurite)")
    port, folder = free_ports(1), tmp_path_factory.mktemp("azurite")
    server = subprocess.Popen(
        [program, "--silent", "--skipApiVersionCheck", "--disableTelemetry", "--blobPort", str(port)],
        cwd=folder,
        env={**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(100):
        try:
            httpx.get(f"http://127.0.0.1:{port}/")
            break
        except httpx.TransportError:
            time.sleep(0.2)
    yield f"http://127.0.0.1:{port}/{ACCOUNT}"
    server.terminate()
    server.wait(20)


@pytest.fixture(params=["s3", "gs", "az"])
def storage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Storage]:
    """A store of each kind, with a bucket for each municipality."""
    # The servers for S3 and Google share what they hold.
    made = Storage(f"{request.param}://{request.param}-{{tenant}}/inhoud")
    buckets = [f"{request.param}-{tenant}" for tenant in ("deventer", "raalte")]
    if request.param == "s3":
        request.getfixturevalue("s3")
        for bucket in buckets:
            boto3.client("s3").create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
            )
        yield made
    elif request.param == "gs":
        with google(tmp_path) as (url, account):
            monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT", str(account))
            for bucket in buckets:
                httpx.put(f"{url}/{bucket}").raise_for_status()
            yield made
    else:
        url = request.getfixturevalue("azurite")
        monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT)
        monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", KEY)
        monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", url)
        for bucket in buckets:
            _make_container(f"{url}/{bucket}")
        yield made


async def _keys(storage: Storage, tenant: str) -> set[str]:
    return {key async for key, _ in storage.keys(tenant)}


async def test_a_store_of_each_kind(storage: Storage) -> None:
    # Written, found, read in part; each municipality in its own bucket.
    await storage.write("deventer", "abcd", [b"Geachte ", b"mevrouw"])
    await storage.settle("deventer", "abcd")
    await storage.write("raalte", "abce", [b"x"])
    assert (await _keys(storage, "deventer"), await _keys(storage, "raalte")) == ({"abcd"}, {"abce"})
    assert await storage.read("deventer", "abcd", 8, 3) == b"mev"
    assert (await storage.size("deventer", "abcd"), await storage.size("deventer", "abce")) == (15, None)
    with pytest.raises(Problem, match="503"):
        await storage.read("deventer", "abce", 0, 1)
    # In pieces.
    content = content_of(2 * PIECE + 5)
    writer = storage.writer("deventer", "cdef")
    for start in range(0, len(content), PIECE):
        await writer.write(content[start : start + PIECE])
    await writer.close()
    await storage.settle("deventer", "cdef")
    assert await storage.size("deventer", "cdef") == len(content)
    assert await storage.read("deventer", "cdef", PIECE - 3, 6) == content[PIECE - 3 : PIECE + 3]
    # What does not exist is removed already, alone or among others.
    for _ in range(2):
        await storage.delete("deventer", ["aaaa", "abcd", "bbbb", "cdef", "cccc"])
    await storage.delete("deventer", ["abcd"])
    await storage.delete_pieces("deventer", ["abcd"])
    assert (await _keys(storage, "deventer"), await _keys(storage, "raalte")) == (set(), {"abce"})
    # A municipality that is erased leaves nothing, and takes nothing of another one.
    await storage.write("deventer", "abcd", [b"x"])
    await storage.write("deventer", "cdef", [b"y"])
    assert [count async for count in storage.erase("deventer")] == [2]
    assert (await _keys(storage, "deventer"), await _keys(storage, "raalte")) == (set(), {"abce"})
    assert [count async for count in storage.erase("deventer")] == []
