"""What llama.cpp's server does for those who mind it, without a model: `python -m tests.scripted_server`."""

from __future__ import annotations

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SETTINGS = json.loads(sys.stdin.readline())
SLOTS = Path(SETTINGS["slots"])


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._say(200 if self.path == "/props" and self._has_key() else 404)

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._has_key():
            return self._say(401)
        if self.path == "/v1/chat/completions":
            with (SLOTS.parent / "read.log").open("a") as log:
                log.write(json.dumps(asked["messages"]) + "\n")
            return self._say(200)
        kept = SLOTS / asked["filename"]
        if self.path.endswith("save"):
            kept.write_bytes(b"what was read")
            return self._say(200)
        if kept.read_bytes().startswith(b"fatal"):
            os._exit(3)
        return self._say(200)

    def _has_key(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {SETTINGS['key']}"

    def _say(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """A test's output is not a web server's log."""


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
