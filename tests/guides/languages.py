"""Runs the code samples of the guides, each in its own language where that is at hand."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from guides.pages import ROOT, samples
from tests.tools import NODE, node_modules, output, program

_compiled: dict[str, str] = {}
"""The JavaScript of programs in TypeScript. The compiler takes seconds, nearly all of them for types of Node.js, so
this test process compiles all samples at once."""


def _samples() -> list[str]:
    pages = ((ROOT / "docs" / name).read_text() for name in ("first-call.md", "samples.md"))
    return [codes["typescript"] for page in pages for codes in samples(page) if "typescript" in codes]


def _node_folder(folder: Path) -> Path:
    """Let Node.js find packages from a folder, whose files are modules; return where these are."""
    modules = node_modules()
    (folder / "package.json").write_text('{"type": "module"}')
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(modules)
    return modules


async def compile_together(*codes: str, folder: Path, status: int = 0) -> str:
    """Compile programs in TypeScript beside what they import, as ``call0.ts``, ``call1.ts`` and so on; return what the
    compiler says, which ends with ``status``."""
    modules, files = _node_folder(folder), {f"call{number}": code for number, code in enumerate(codes)}
    for name, code in files.items():
        (folder / f"{name}.ts").write_text(code)
    command = (str(modules / ".bin" / "tsc"), *NODE, *(f"{name}.ts" for name in files))
    said = await output(*command, folder=folder, codes=(status,))
    _compiled.update({code: (folder / f"{name}.js").read_text() for name, code in files.items()})
    return said


async def run(language: str, code: str, folder: Path, **variables: str) -> str:
    """Run a program and return what it prints."""
    return await output(*await ready(language, code, folder), folder=folder, variables=variables)


async def ready(language: str, code: str, folder: Path) -> list[str]:
    """Return the command that runs a program, which is compiled where its language asks for it; skip the test where the
    language is not at hand."""
    if language == "bash":
        for name in ("curl", "openssl"):
            program(name)
        return [program("bash"), "-euc", code]
    if language == "python":
        # A client that stays open until its program ends is no mistake.
        return [sys.executable, "-W", "error", "-W", "ignore::ResourceWarning", "-c", code]
    if language == "typescript":
        if code not in _compiled:
            await compile_together(*dict.fromkeys((code, *_samples())), folder=folder)
        _node_folder(folder)
        (folder / "call.js").write_text(_compiled[code])
        return [program("node"), "call.js"]
    if language == "php":
        (folder / "call.php").write_text(code)
        return [program("php"), "-d", "display_errors=1", "call.php"]
    if language == "java":
        (folder / "Call.java").write_text(code)
        return [program("java"), "Call.java"]
    dotnet = program("dotnet")
    await output(dotnet, "new", "console", "--name", "call", "--output", ".", folder=folder)
    (folder / "Program.cs").write_text(code)
    await output(dotnet, "build", folder=folder)
    return [dotnet, "run", "--no-build"]


def needs_php(extension: str) -> None:
    """Skip the test where PHP is there without one of its extensions."""
    done = subprocess.run([program("php"), "-m"], capture_output=True, text=True, check=True)
    if extension not in done.stdout.split():
        pytest.skip(f"PHP has no {extension} on this machine")


@asynccontextmanager
async def started(*command: str, folder: Path, **variables: str) -> AsyncIterator[asyncio.StreamReader]:
    """Run a program that goes on, and give what it prints; it ends with the block."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={**os.environ, **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        process.kill()
        await process.wait()
