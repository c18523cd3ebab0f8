"""Runs as they are kept: what each was made from, and every turn of it, in a log of Inspect's under the home's `runs`."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from inspect_ai.log import read_eval_log

from api.candidate import GGUF
from api.settings import Settings
from assistant import router
from assistant.weights import locate
from data.errors import InvalidInput
from evals.suites import Judged, Suite, turns
from prompts import registry
from retrieval import embedding, reader, weights

# The numbers that whatever is drawn by lot begins with. The sandbox bank's are in its books: they change with the commit.
SEEDS = {"probes": 2026, "bootstrap": 2026}
# What a run is not changed by: where it is kept, and how it is served. Keys are in no record.
ELSEWHERE = {"home", "database_url", "host", "port", "workers", "model_key", "max_import_bytes"}
LATEST = "latest"


class Kept(NamedTuple):
    """A finished run. record: what it was made from. found: every judged turn as case, group, verdict."""

    id: str
    suite: str
    began: str
    path: Path
    record: Mapping[str, Any]
    found: Sequence[tuple[str, str, Judged]]


def record(settings: Settings, suite: Suite, **more: Any) -> dict[str, Any]:
    """What a run of a suite is made from, as JSON; more: what else its answers depend on."""
    prompt, large = registry.planner_prompt(settings.prompt, settings.examples), registry.large_prompt(settings.outside_prompt)
    return {
        "commit": commit(),
        "version": version("counterfoil"),
        "configuration": {name: _plain(value) for name, value in settings.model_dump(exclude=ELSEWHERE).items()} | more,
        "model": _model(settings),
        "prompts": {"planner": f"{prompt.version} {prompt.digest[:12]}", "outside": f"{large.version} {large.digest[:12]}"},
        "embedding": f"{weights.NAME} int8 {embedding.VERSION}",
        "router": router.version(embedding.VERSION),
        "reader": reader.version(),
        "reader of pages": reader.version(reader.PAGES),
        **_of_any(suite),
    }


def record_of_server(url: str, suite: Suite) -> dict[str, Any]:
    """What is known of a run against a server: it does not say what it is made from."""
    return {"questions of commit": commit(), "server": url, **_of_any(suite)}


def _of_any(suite: Suite) -> dict[str, Any]:
    counts = {"conversations": len(suite.cases), "turns": sum(len(case.line["turns"]) for case in suite.cases)}
    return {"seeds": SEEDS, "counts": counts, "machine": machine()}


def _plain(value: Any) -> Any:
    """A setting as it is on record; a file by its name and a digest, wherever it lies."""
    if isinstance(value, Path):
        return f"{value.name} {hashlib.sha256(value.read_bytes()).hexdigest()[:8]}"
    return Path(value).name if isinstance(value, str) and value.endswith(GGUF) else value


def key(recorded: Mapping[str, Any]) -> str:
    """What answers depend on, of a record: everything but the machine."""
    return json.dumps({name: value for name, value in recorded.items() if name != "machine"}, sort_keys=True)


def commit(folder: Path = Path(__file__).parent) -> str:
    """The commit that is checked out, with a digest of what differs from it; "unknown" where there is no checkout."""
    head = _git(folder, "rev-parse", "--short=12", "HEAD").strip()
    if not head:
        return "unknown"
    changed = _git(folder, "diff", "HEAD") + _git(folder, "status", "--porcelain")
    return f"{head} and changes {hashlib.sha256(changed.encode()).hexdigest()[:8]}" if changed else head


def _git(folder: Path, *words: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=False)  # noqa: S607
    except OSError:
        return ""
    return done.stdout if done.returncode == 0 else ""


def _model(settings: Settings) -> str:
    if settings.model_url:
        return f"{settings.model_model} at {settings.model_url}"
    name = settings.model_name
    if name == "none" or locate(settings.models, name) is None:
        return "none"
    known = registry.weights().get(name)
    return f"{known.title} {known.sha256[:12]}" if known else Path(name).name


def machine() -> dict[str, Any]:
    """cores: those that this process may use. memory_gib: of the whole machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory, 1),
        "python": platform.python_version(),
    }


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    lines = told.read_text("utf-8").splitlines() if told.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def find(said: str, runs: Path) -> Path:
    """The log of a run: by its path, by the beginning of its id, or the latest one that was finished.

    Raises InvalidInput where there is none, or where more than one begins so.
    """
    path = Path(said)
    if path.is_file():
        return path
    logs = sorted(runs.glob("*.eval"))
    if said == LATEST:
        logs = [log for log in logs[::-1] if read_eval_log(str(log), header_only=True).status == "success"][:1]
    else:
        logs = [log for log in logs if id_of(log).startswith(said)]
    if len(logs) == 1:
        return logs[0]
    more = f"{len(logs)} runs begin with {said!r}" if logs else f"no run is called {said!r}"
    raise InvalidInput(f"{more} in {runs}; say a path, the beginning of an id, or {LATEST}")


def load(path: Path) -> Kept:
    """Raises InvalidInput for what is not the log of a finished run."""
    try:
        log = read_eval_log(str(path))
    except (OSError, ValueError, KeyError) as error:
        raise InvalidInput(f"{path} is no log of a run: {error}") from error
    if log.status != "success":
        raise InvalidInput(f"the run in {path} was not finished: {log.status}")
    return Kept(id_of(path), log.eval.task, log.eval.created, path, log.eval.metadata or {}, turns(log))


def id_of(path: Path) -> str:
    """The id of a run, which its log is named by."""
    return path.stem.rpartition("_")[2]
