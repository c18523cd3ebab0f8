"""Several server processes on one port: one process listens and minds the others, which answer."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console

from api.settings import Settings

LOOK_S = 0.2
# A process that ends sooner than this has not got anywhere: the next one waits.
SHORT_LIFE_S = 5.0
END_S = 10.0


def serve(settings: Settings, workers: int, console: Console) -> None:
    """Serve until interrupted. Raises OSError when the port is taken. The home and the rest come from the environment again.

    The first process also feeds the ledger and keeps the index up to date. They share the home (the owner of an embedded index,
    the model's server, keys) and the database; a turn belongs to the process that began it, and its log to all of them.
    """
    # Once and before the others: each of them would make the same.
    if code := subprocess.run([sys.executable, "-P", "-m", "api.cli", "prepare"], check=False).returncode:
        raise SystemExit(code)
    with socket.create_server((settings.host, settings.port), backlog=2048) as listener:
        listener.set_inheritable(True)
        port = listener.getsockname()[1]
        crew = [_Worker(number, listener.fileno(), settings.host, port) for number in range(workers)]
        stop = _Stop()
        try:
            while not stop.wanted:
                for worker in crew:
                    worker.mind(console)
                time.sleep(LOOK_S)
        finally:
            _end(crew)


class _Stop:
    """Whether somebody has asked us to end."""

    def __init__(self) -> None:
        self.wanted = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, *_: object) -> None:
        self.wanted = True


@dataclass
class _Worker:
    """One process, started again whenever it ends."""

    number: int
    listener: int
    host: str
    port: int
    process: subprocess.Popen[bytes] | None = None
    started_at: float = field(default=0.0)

    def mind(self, console: Console) -> None:
        if self.process is not None:
            code = self.process.poll()
            if code is None or time.monotonic() - self.started_at < SHORT_LIFE_S:
                return
            console.print(f"Process {self.number} ended with code {code} and is started again.")
        words = [str(word) for word in (self.listener, self.host, self.port, self.number)]
        command = [sys.executable, "-P", "-m", "api.serve", *words]
        # A session of its own: Ctrl-C in our terminal reaches us alone, and we end it in order.
        # It lives as long as its standard input is open, so it cannot outlive us.
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=(self.listener,), start_new_session=True)
        self.started_at = time.monotonic()


def _end(crew: Sequence[_Worker]) -> None:
    processes = [worker.process for worker in crew if worker.process is not None]
    for process in processes:
        process.terminate()
    until = time.monotonic() + END_S
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.1, until - time.monotonic()))
        if process.poll() is None:
            process.kill()
            process.wait()
