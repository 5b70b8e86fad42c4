"""Stand-ins for MNIST's files, whole and damaged, and a web server on this machine for them."""

from __future__ import annotations

import gzip
import http.server
import struct
import threading

import numpy as np

from lecturekit.data.mnist_files import SHA256


def idx(values: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    return gzip.compress(header + values.astype(np.uint8).tobytes(), mtime=0)


IMAGES = np.arange(5 * 28 * 28).reshape(5, 28, 28) % 256
LABELS = np.array([3, 1, 4, 1, 5])
GOOD = {name: idx(IMAGES if "images" in name else LABELS) for name in SHA256}
TRUNCATED = {name: content[: len(content) // 2] for name, content in GOOD.items()}
CORRUPT = {name: content[:10] + b"\xff" * 9 + content[19:] for name, content in GOOD.items()}


class Mirror:
    """Serves `files` under `url` and keeps a list of what it was asked for.

    `announce` adds to the length that is announced, as a connection that breaks off would.
    """

    def __init__(self, files: dict[str, bytes], announce: int = 0):
        self.files = files
        self.requests: list[str] = []
        mirror = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.removeprefix("/")
                mirror.requests.append(name)
                if name not in mirror.files:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(mirror.files[name]) + announce))
                self.end_headers()
                self.wfile.write(mirror.files[name])

            def log_message(self, *_: object) -> None:
                """Stay silent."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
