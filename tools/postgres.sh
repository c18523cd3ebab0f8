#!/usr/bin/env bash
# Runs the tests on PostgreSQL: a server of its own in a temporary folder, on loopback, stopped and deleted afterwards.
# Arguments are pytest's: tools/postgres.sh tests/test_ledger.py -k coffee
set -euo pipefail
cd "$(dirname "$0")/.."
python=${COUNTERFOIL_PYTHON:-.venv/bin/python}

stop() { printf 'The tests cannot run on PostgreSQL: %s\n' "$*" >&2; exit 1; }
found() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1; }

if [ -z "$(found)" ]; then
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || stop "there is none; as root: apt-get install postgresql"
    # The package would start a server for good; here one is started when it is wanted.
    apt-get update -qq
    mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
        echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null
fi
bin=$(found)

folder=$(mktemp -d "${TMPDIR:-/tmp}/counterfoil-postgres.XXXXXX")
# PostgreSQL refuses to run as root.
as=()
if [ "$(id -u)" = 0 ]; then
    chown postgres "$folder"
    as=(runuser -u postgres --)
fi
port=$("$python" -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')

end() {
    (cd / && "${as[@]}" "$bin/pg_ctl" -D "$folder/data" -m immediate -s stop) || true
    rm -rf "$folder"
}
trap end EXIT

cd /
"${as[@]}" "$bin/initdb" -D "$folder/data" -U counterfoil -A trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >/dev/null
# Nothing here has to outlive a loss of power.
"${as[@]}" "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -s -w start -o "-p $port -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories=$folder -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"
cd - >/dev/null
COUNTERFOIL_TEST_POSTGRES="postgresql+psycopg://counterfoil@127.0.0.1:$port/postgres" "$python" -m pytest "$@"
