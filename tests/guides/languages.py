"""Runs the code samples of the guides, each in its own language where that is at hand."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.tools import NODE, node_modules, program

SECONDS = 120


async def output(*command: str, folder: Path, **variables: str) -> str:
    """Return what a program prints; fail with all of it when it does not succeed."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={**os.environ, **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(SECONDS):
        found, _ = await process.communicate()
    assert process.returncode == 0, found.decode()
    return found.decode()


async def compiled(code: str, folder: Path, **variables: str) -> str:
    """Compile a program in TypeScript beside what it imports, run it with Node.js, and return what it prints."""
    return await output(*await ready("typescript", code, folder), folder=folder, **variables)


async def run(language: str, code: str, folder: Path, **variables: str) -> str:
    """Run a program and return what it prints."""
    return await output(*await ready(language, code, folder), folder=folder, **variables)


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
        modules = node_modules()
        (folder / "package.json").write_text('{"type": "module"}')
        if not (folder / "node_modules").exists():
            (folder / "node_modules").symlink_to(modules)
        (folder / "call.ts").write_text(code)
        await output(str(modules / ".bin" / "tsc"), *NODE, "call.ts", folder=folder)
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
