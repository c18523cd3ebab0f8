"""What a newcomer is told, and what holds the tree together: commands, pins, licences, import arrows, wording."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from api.cli import app
from api.settings import Settings
from assistant.answer import catalogue, check
from assistant.plan import BY_CODE, Tool
from assistant.router import examples
from connectors.sandbox.people import CUSTOMERS
from retrieval.weights import REQUIREMENT

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PACKAGES = ("api", "assistant", "retrieval", "connectors", "prompts", "data", "evals")
PINNED = [*PROJECT["dependencies"], *(one for extra in PROJECT["optional-dependencies"].values() for one in extra)]
NAMES = [pin.split("==")[0] for pin in PINNED]
# Wanted by a library of ours when it does what we ask of it, or run as a command: no code of ours imports them.
NOT_IMPORTED = {
    "onnx",
    "psycopg",
    "psycopg-binary",
    "python-multipart",
    "import-linter",
    "mypy",
    "pytest-asyncio",
    "pytest-xdist",
    "ruff",
}
# What a follow-up can be, beside the tools that a question can ask for.
FOLLOW_UPS = {"details", "both", "other", "follow"}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def sources(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


# Commands


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md"])
def test_every_make_command_that_a_page_shows_exists(page: str) -> None:
    shown = set(
        re.findall(r"\bmake ([a-z]+)\b(?=[`\s]|$)", "\n".join(re.findall(r"`[^`]+`|^    .+$|^```[^`]+```", read(page), re.M)))
    )
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.M))
    assert shown <= targets, shown - targets


def test_the_readme_shows_the_two_commands() -> None:
    assert {"    make run", "    make test"} <= {line.split("  #")[0].rstrip() for line in read("README.md").splitlines()}


def test_the_checks_on_a_change_are_those_that_a_person_runs() -> None:
    assert re.search(r"^make test$", read(".ci/run"), re.M)


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md"])
def test_what_a_page_points_to_is_there(page: str) -> None:
    linked = [target for target in re.findall(r"\]\(([^)#\s]+)", read(page)) if "://" not in target]
    folders = "|".join((*PACKAGES, "docs", "tools", "tests"))
    named = re.findall(rf"`((?:{folders})/[\w./*-]+)`", read(page))
    missing = [target for target in linked + named if not list(ROOT.glob(target.rstrip("/")))]
    assert not missing


def test_the_customers_that_the_readme_names_are_those_of_the_sandbox() -> None:
    (named,) = re.findall(r"^The seven customers are (.+)\.$", read("README.md"), re.M)
    assert set(re.findall(r"`([\w-]+)`", named)) == {customer.id for customer in CUSTOMERS}


def test_the_settings_that_the_readme_names_are_all_there_are() -> None:
    named = {name.lower() for name in re.findall(r"`COUNTERFOIL_([A-Z_]+)`", read("README.md"))}
    assert named <= set(Settings.model_fields), named - set(Settings.model_fields)


def test_the_commands_that_the_readme_names_exist() -> None:
    command = get_command(app)
    assert isinstance(command, TyperGroup)
    named = set(re.findall(r"`counterfoil ([a-z]+)", read("README.md")))
    assert named == set(command.commands)


# Setting up


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """What setting up reads, in a folder of its own, with a Python that is too old."""
    (tmp_path / "tools").mkdir()
    for name in ("pyproject.toml", "requirements.lock", "tools/setup.sh"):
        shutil.copy(ROOT / name, tmp_path / name)
    python = tmp_path / "old-python"
    python.write_text('#!/bin/sh\ncase "$2" in *print*) echo 3.9;; *) exit 1;; esac\n')
    python.chmod(0o755)
    return tmp_path


def set_up(folder: Path, python: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "PYTHON": python}
    return subprocess.run([str(folder / "tools/setup.sh")], env=environment, capture_output=True, text=True, check=False)


def test_a_python_that_is_too_old_is_named_before_anything_is_installed(fresh: Path) -> None:
    result = set_up(fresh, str(fresh / "old-python"))
    assert result.returncode == 1
    assert "is Python 3.9 and 3.11 or newer is needed" in result.stderr
    assert not (fresh / ".venv").exists()


def test_a_machine_without_python_is_told_what_to_install(fresh: Path) -> None:
    result = set_up(fresh, "no-such-python")
    assert result.returncode == 1
    assert "apt-get install python3 python3-venv" in result.stderr


def test_what_is_set_up_is_not_set_up_again_until_the_lock_changes(fresh: Path) -> None:
    command = fresh / ".venv/bin/counterfoil"
    command.parent.mkdir(parents=True)
    command.touch(mode=0o755)
    digest = "cat requirements.lock pyproject.toml tools/setup.sh | sha256sum > .venv/set-up"
    subprocess.run(["/bin/sh", "-c", digest], cwd=fresh, check=True)
    old = str(fresh / "old-python")
    assert set_up(fresh, old).returncode == 0
    with (fresh / "requirements.lock").open("a") as lock:
        lock.write("one-more==1.0\n")
    assert set_up(fresh, old).returncode == 1


# Dependencies


def test_every_dependency_is_pinned_and_locked_at_that_version() -> None:
    locked = {line.split(" ;")[0] for line in read("requirements.lock").splitlines()}
    assert all("==" in pin for pin in PINNED)
    pinned = {pin.split(" ;")[0] for pin in PINNED}
    assert pinned <= locked, pinned - locked


def test_the_lock_holds_no_libraries_for_gpus() -> None:
    assert not re.search(r"^(nvidia|cuda|triton)", read("requirements.lock"), re.M)


def test_the_weights_that_are_installed_are_those_whose_digests_are_known() -> None:
    assert f" {REQUIREMENT}\n" in read("tools/setup.sh")


def test_dependencies_are_in_order() -> None:
    for some in (PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()):
        assert some == sorted(some, key=lambda pin: pin.split("==")[0])


def test_what_is_imported_is_pinned_and_what_is_pinned_is_imported() -> None:
    imported: set[str] = set()
    for _, tree in sources(*PACKAGES, "tests"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.split(".")[0])
    others = imported - set(sys.stdlib_module_names) - {*PACKAGES, "tests"}
    providers = {module: {plain(name) for name in names} for module, names in packages_distributions().items()}
    ours = {plain(name) for name in NAMES if not name.startswith("types-")}
    apart = {module for module in others if re.search(rf"--no-deps .*\b{module.replace('_', '-')}==[\d.]+", read("Makefile"))}
    unpinned = {module for module in others - apart if not providers.get(module, set()) & ours}
    assert not unpinned, "imported, but not pinned in pyproject.toml"
    unused = ours - NOT_IMPORTED - {name for module in others - apart for name in providers[module]}
    assert not unused, "pinned, but imported nowhere"


def test_notice_names_every_dependency_with_its_licence() -> None:
    named = dict(re.findall(r"^  ([\w-]+)\s{2,}(\S.*)$", read("NOTICE"), re.M))
    assert set(NAMES) <= set(named), set(NAMES) - set(named)


# Import arrows


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    # The folder goes first, so that a copy of the tree is looked at rather than the installed one.
    return subprocess.run(command, cwd=folder, env={"PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False)


def test_the_import_contracts_hold() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout


def test_an_import_against_the_direction_is_noticed(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "data/money.py").open("a") as file:
        file.write("\nimport assistant.plan\n")
    with (tmp_path / "assistant/spans.py").open("a") as file:
        file.write("\nimport langgraph\n")
    result = lint_imports(tmp_path)
    assert result.returncode == 1, result.stdout + result.stderr
    assert re.search(r"one direction\s+BROKEN", result.stdout)
    assert re.search(r"language models live in .*BROKEN", result.stdout)


# Wording


def test_no_message_states_a_figure_of_its_own() -> None:
    for pattern in catalogue().values():
        check(pattern)


def test_every_message_that_code_says_is_in_the_catalogue() -> None:
    tables = {key.split(".")[0] for key in catalogue()}
    said = {
        node.value
        for _, tree in sources("assistant")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[a-z_]+\.[a-z_]+", node.value)
    }
    missing = {key for key in said if key.split(".")[0] in tables} - set(catalogue())
    assert not missing


def test_every_message_of_the_catalogue_is_said_somewhere() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "assistant").glob("*.py")))
    # How a reading is put is found by its tool.
    said = [key for key in catalogue() if not key.startswith("reading.")]
    unsaid = [key for key in said if f'"{key}"' not in text and f'"{key.split(".")[1]}"' not in text]
    assert not unsaid


def test_what_is_offered_to_choose_from_is_of_tools_that_there_are() -> None:
    assert {key.split(".")[1] for key in catalogue() if key.startswith("reading.")} <= {tool.value for tool in Tool}


def test_the_router_has_wordings_for_every_tool_and_for_nothing_else() -> None:
    labels = set(examples())
    tools = {tool.value for tool in set(Tool) - BY_CODE}
    assert tools <= labels, tools - labels
    assert labels <= tools | FOLLOW_UPS, labels - tools
    assert all(len(said) >= 5 for said in examples().values()), {k: len(v) for k, v in examples().items() if len(v) < 5}
