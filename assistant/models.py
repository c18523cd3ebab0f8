"""The embedded language model: llama.cpp's server in a process of its own, on loopback, one for each home.

The process that gets the lock supervises the server; others of the same home (the CLI beside the service, a second worker) find
its address and key in a file that only their user can read. The server ends with its supervisor, however that ends.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import secrets
import signal
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

import httpx

from assistant import weights
from data.errors import InvalidInput, ModelUnavailable, WeightsCorrupt

CONTEXT = 4096
# What is started; it reads its settings from standard input.
SERVE = (sys.executable, "-m", "assistant.models")
LOOK_S = 1.0
LONGEST_PAUSE_S = 120.0
LOAD_S = 120.0
# Reading a prompt of 2,000 tokens for the first time takes 40 s on two quiet cores.
WARM_S = 900.0
# A server that says nothing this many times, each time for as long as ANSWER_S, is hung.
WATCH_S = 5.0
ANSWER_S = 10.0
SILENT = 3


class ModelState(StrEnum):
    ABSENT = "absent"
    FETCHING = "fetching"
    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True)
class Endpoint:
    """An OpenAI-compatible server and the key it asks for."""

    url: str
    key: str = field(repr=False)


@dataclass(frozen=True)
class ModelStatus:
    """`done` and `total` are bytes while fetching; `detail` says why it failed."""

    state: ModelState
    detail: str = ""
    done: int = 0
    total: int = 0


class _Stopped(Exception):
    """Raised through a fetch to end it."""


class ModelServer:
    """Keeps one model served for as long as it is started.

    home: where weights (`models/`) and the server's own files (`run/`) live. model: a known name, or the path of a GGUF file.
    opening: the messages that stand before every question; the server has read them before it is ready. fetch: whether known
    weights that are not there may be fetched.
    """

    def __init__(self, home: Path, model: str, opening: Sequence[dict[str, str]] = (), *, fetch: bool = False) -> None:
        self._models, self._run = home / "models", home / "run"
        self._model, self._opening, self._fetch = model, list(opening), fetch
        self._status = ModelStatus(ModelState.ABSENT)
        self._changed, self._over = asyncio.Event(), False
        self._endpoint: Endpoint | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = threading.Event()

    @property
    def status(self) -> ModelStatus:
        return self._status

    @property
    def over(self) -> bool:
        """Whether it will not become ready by itself any more; the status says why."""
        return self._over

    async def endpoint(self) -> Endpoint:
        """Where to ask, now. Raises ModelUnavailable, saying why, when the model is not ready."""
        if self._endpoint is None:
            said = f": {self._status.detail}" if self._status.detail else ""
            raise ModelUnavailable(f"the language model is {self._status.state.value}{said}")
        return self._endpoint

    async def changes(self) -> AsyncIterator[ModelStatus]:
        """The status now, and again after each change. Of quick changes only the last is seen."""
        while True:
            self._changed.clear()
            yield self._status
            await self._changed.wait()

    async def ready(self, timeout_s: float) -> Endpoint:
        """Where to ask, as soon as it can be. Raises ModelUnavailable when that is not within the time, or never."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                async for status in self.changes():
                    if status.state is ModelState.READY or self._over:
                        break
        return await self.endpoint()

    async def start(self) -> None:
        """Begin to serve, and return at once."""
        self._run.mkdir(parents=True, exist_ok=True)
        self._stopping.clear()
        self._over = False
        self._task = asyncio.create_task(self._supervise())

    async def stop(self) -> None:
        """End the server if this process supervises it; a fetch keeps its finished parts."""
        self._stopping.set()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._now(ModelState.ABSENT)

    async def __aenter__(self) -> ModelServer:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _now(self, state: ModelState, detail: str = "", endpoint: Endpoint | None = None, done: int = 0, total: int = 0) -> None:
        self._status, self._endpoint = ModelStatus(state, detail, done, total), endpoint
        self._changed.set()

    def _end(self, state: ModelState, detail: str) -> None:
        self._over = True
        self._now(state, detail)

    async def _supervise(self) -> None:
        pause = LOOK_S
        while True:
            try:
                path = await self._weights()
                if path is None:
                    self._end(ModelState.ABSENT, f"the weights {self._model} are not here; `counterfoil model fetch` gets them")
                    return
                with _lock(self._run / "model.lock") as mine:
                    await (self._serve(path) if mine else self._follow())
                pause = LOOK_S
            except (WeightsCorrupt, InvalidInput) as error:
                self._end(ModelState.FAILED, str(error))
                return
            except ModelUnavailable as error:
                was_ready = self._endpoint is not None
                self._now(ModelState.FAILED, str(error))
                pause = LOOK_S if was_ready else min(2 * pause, LONGEST_PAUSE_S)
                await asyncio.sleep(pause)

    async def _weights(self) -> Path | None:
        while (there := weights.locate(self._models, self._model)) is None and self._fetch:
            self._now(ModelState.FETCHING)
            with _lock(self._run / "fetch.lock") as mine:
                if mine:
                    return await self._fetched()
            # Another process of this home fetches them.
            await asyncio.sleep(LOOK_S)
        return there

    async def _fetched(self) -> Path:
        loop = asyncio.get_running_loop()

        def progress(done: int, total: int) -> None:
            if self._stopping.is_set():
                raise _Stopped
            loop.call_soon_threadsafe(lambda: self._now(ModelState.FETCHING, done=done, total=total))

        fetching = asyncio.create_task(asyncio.to_thread(weights.fetch, self._models, self._model, progress))
        try:
            return await asyncio.shield(fetching)
        except asyncio.CancelledError:
            # The thread looks at `_stopping` twice a second; it must be gone before the loop is.
            with suppress(_Stopped, ModelUnavailable, WeightsCorrupt):
                await fetching
            raise

    async def _serve(self, path: Path) -> None:
        """Run the server until it ends, which it should not: then ModelUnavailable."""
        if find_spec("xllamacpp") is None:
            raise InvalidInput("the embedded model needs the extra `model`: pip install 'counterfoil[model]'")
        self._now(ModelState.STARTING)
        key, slots = secrets.token_urlsafe(24), self._run / "slots"
        slots.mkdir(exist_ok=True)
        with (self._run / "model.log").open("wb") as log:
            async with _child({"model": str(path), "key": key, "slots": f"{slots}/", "context": CONTEXT}, log) as child:
                endpoint = Endpoint(await self._address(child), key)
                await self._warm(endpoint, path, slots)
                self._publish(endpoint, child.process.pid)
                self._now(ModelState.READY, endpoint=endpoint)
                await _watch(child, endpoint)

    async def _address(self, child: _Child) -> str:
        try:
            async with asyncio.timeout(LOAD_S):
                line = await child.says.readline()
        except TimeoutError:
            raise ModelUnavailable(f"the model was not loaded within {LOAD_S:g} s") from None
        if not line:
            said = (self._run / "model.log").read_text(errors="replace").strip().splitlines()
            raise ModelUnavailable(f"the model could not be loaded: {said[-1] if said else 'no reason given'}")
        return line.decode().strip()

    async def _warm(self, endpoint: Endpoint, path: Path, slots: Path) -> None:
        """Have the opening read: from disk when this model has read it before, else now, and keep it."""
        if not self._opening:
            return
        kept = slots / _name_of_reading(path, self._opening)
        async with _client(endpoint) as client:
            try:
                if await _restored(client, kept):
                    return
                body = {"messages": [*self._opening, {"role": "user", "content": "hello"}], "max_tokens": 1, "temperature": 0}
                (await client.post("/v1/chat/completions", json=body, timeout=WARM_S)).raise_for_status()
                _clear(slots)
                (await client.post("/slots/0?action=save", json={"filename": kept.name})).raise_for_status()
                await asyncio.to_thread(_seal, kept)
            except httpx.HTTPError as error:
                raise ModelUnavailable(f"the model did not read its prompt: {error}") from error

    def _publish(self, endpoint: Endpoint, pid: int) -> None:
        fresh = self._run / "model.json.new"
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({**asdict(endpoint), "pid": pid, "model": self._model}, file)
        fresh.replace(self._run / "model.json")

    async def _follow(self) -> None:
        """Use the server of another process of this home for as long as it answers."""
        self._now(ModelState.STARTING)
        while True:
            endpoint = self._published()
            if endpoint is None or not await _healthy(endpoint):
                if self._endpoint is not None or not _held(self._run / "model.lock"):
                    return
            elif self._endpoint is None:
                self._now(ModelState.READY, endpoint=endpoint)
            await asyncio.sleep(LOOK_S)

    def _published(self) -> Endpoint | None:
        try:
            found = json.loads((self._run / "model.json").read_text())
        except FileNotFoundError:
            return None
        if found["model"] != self._model:
            raise InvalidInput(f"another process of this home serves the model {found['model']}, not {self._model}")
        return Endpoint(found["url"], found["key"])


@contextmanager
def _lock(path: Path) -> Iterator[bool]:
    """Whether this process is the supervisor now. The lock goes with the process, however it ends."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        try:
            yield True
        finally:
            path.with_suffix(".json").unlink(missing_ok=True)


def _held(path: Path) -> bool:
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _client(endpoint: Endpoint) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=endpoint.url, headers={"Authorization": f"Bearer {endpoint.key}"}, timeout=ANSWER_S, trust_env=False
    )


async def _watch(child: _Child, endpoint: Endpoint) -> None:
    """Until the server ends or says nothing any more, which it should not: then ModelUnavailable."""
    silent = 0
    while silent < SILENT:
        with suppress(TimeoutError):
            async with asyncio.timeout(WATCH_S):
                code = await child.process.wait()
                raise ModelUnavailable(f"the model server ended by itself with code {code}")
        silent = 0 if await _healthy(endpoint) else silent + 1
    raise ModelUnavailable("the model server does not answer any more")


async def _healthy(endpoint: Endpoint) -> bool:
    async with _client(endpoint) as client:
        try:
            # /health needs no key and would not prove that the server is ours; /slots waits for a prompt that is being read.
            return (await client.get("/props")).is_success
        except httpx.HTTPError:
            return False


def _name_of_reading(model: Path, opening: Sequence[dict[str, str]]) -> str:
    about = model.stat()
    seen = json.dumps([str(model), about.st_size, about.st_mtime, version("xllamacpp"), CONTEXT, list(opening)])
    return f"{hashlib.sha256(seen.encode()).hexdigest()[:32]}.kv"


async def _restored(client: httpx.AsyncClient, kept: Path) -> bool:
    """Whether the server has taken up what was kept, which it does only with what is whole."""
    if not await asyncio.to_thread(_whole, kept):
        return False
    # If it brings the server down after all, the next one reads the prompt anew.
    _seal_of(kept).unlink()
    if not (await client.post("/slots/0?action=restore", json={"filename": kept.name})).is_success:
        return False
    await asyncio.to_thread(_seal, kept)
    return True


def _seal_of(kept: Path) -> Path:
    return kept.with_suffix(".sha256")


def _seal(kept: Path) -> None:
    _seal_of(kept).write_text(_digest(kept))


def _whole(kept: Path) -> bool:
    return kept.exists() and _seal_of(kept).exists() and _seal_of(kept).read_text() == _digest(kept)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _clear(slots: Path) -> None:
    for old in slots.iterdir():
        old.unlink()


@dataclass
class _Child:
    process: asyncio.subprocess.Process
    says: asyncio.StreamReader


@asynccontextmanager
async def _child(settings: dict[str, Any], log: IO[bytes]) -> AsyncIterator[_Child]:
    """The server's process. It lives as long as its standard input is open, so it cannot outlive us."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*SERVE, stdin=pipe, stdout=pipe, stderr=log)
    if process.stdin is None or process.stdout is None:
        raise ModelUnavailable("the model server has no pipes")
    try:
        # The key goes through the pipe: a command line can be read by every user of the machine.
        process.stdin.write(json.dumps(settings).encode() + b"\n")
        yield _Child(process, process.stdout)
    finally:
        process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def _serve_here() -> None:
    """The child's whole life: read the settings, load the model, say the address, serve until the parent has gone."""
    import xllamacpp  # noqa: PLC0415  (an optional extra, and 1 GB of memory: for this process only)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A planned question takes seconds, a routed one milliseconds: the latter goes first.
    os.nice(5)
    settings = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    params = xllamacpp.CommonParams()
    params.model.path = settings["model"]
    params.n_ctx, params.n_parallel, params.n_gpu_layers = settings["context"], 1, 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = len(os.sched_getaffinity(0))
    params.hostnames, params.port, params.api_keys = ["127.0.0.1"], 0, [settings["key"]]
    params.slot_save_path = settings["slots"]
    # One slot keeps its own prefix; a second cache of prompts in memory would hold questions for longer than needed.
    params.cache_ram_mib, params.ui, params.verbosity = 0, False, 0
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    threading.Event().wait()


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    _serve_here()
