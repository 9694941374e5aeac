"""An HTTP server on loopback whose content can be switched: one URL, three states (good, old, evil).

An attacker's cache is made by the tool itself against the evil state of the very same URL, so it has the form that
the tool expects in every detail. Answers have ETag and Last-Modified; conditional requests are answered as RFC 9110
says (`*` matches every file). Counts requests, and bytes of bodies, for the verdict "slower only".
"""

import email.utils
import hashlib
import http.server
import threading

MODIFIED = {"good": 1_760_000_000, "old": 1_750_000_000, "evil": 1_760_000_000}
TYPES = {".html": "text/html", ".json": "application/json"}


def etag_of(data):
    """32 digits that stand nowhere else: not the beginning of a package's sha256."""
    return hashlib.sha256(b"etag" + data).hexdigest()[:32]


class Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Clients that hang up (conda does) are no news."""


class Channel:
    """A running server. `/plain/...` has no shards, `/...` has all; `/plain` is the channel of older servers."""

    def __init__(self, states):
        self.states = states
        self.state = "good"
        # Whether answers have the ETags of the good state: what an attacker's channel would say.
        self.has_genuine_etags = False
        self.requests = 0
        self.bytes = 0
        self.digests = {}
        channel = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                channel.answer(self, True)

            def do_HEAD(self):
                channel.answer(self, False)

            def log_message(self, *_):
                pass

        self.server = Quiet(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def count(self):
        """Requests and bytes since the last call."""
        seen, self.requests, self.bytes = (self.requests, self.bytes), 0, 0
        return seen

    def file_of(self, path):
        path = path.split("?")[0].split("#")[0].lstrip("/")
        if path.startswith("plain/"):
            path = path.removeprefix("plain/")
            if "shards" in path:
                return None
        file = self.states / self.state / path
        file = file / "index.html" if file.is_dir() else file
        return file if file.is_file() and ".." not in path else None

    def etag(self, file, data):
        genuine = self.states / "good" / file.relative_to(self.states / self.state) if file else None
        if self.has_genuine_etags and genuine and genuine.is_file():
            data = genuine.read_bytes()
        return f'"{etag_of(data)}"'

    def answer(self, handler, has_body):
        self.requests += 1
        file = self.file_of(handler.path)
        data = file.read_bytes() if file else b"not found"
        modified = email.utils.formatdate(MODIFIED[self.state], usegmt=True)
        etag = self.etag(file, data)
        asked = handler.headers.get("If-None-Match")
        is_same = asked is not None and (asked.strip() == "*" or etag in asked)
        since = handler.headers.get("If-Modified-Since")
        if asked is None and since:
            parsed = email.utils.parsedate_to_datetime(since)
            is_same = parsed.timestamp() >= MODIFIED[self.state]
        status = 404 if file is None else 304 if is_same else 200
        body = b"" if status == 304 else data
        wanted = handler.headers.get("Range", "")
        if status == 200 and wanted.startswith("bytes="):
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            begin = int(first) if first else max(0, len(body) - int(last))
            end = min(int(last), len(body) - 1) if first and last else len(body) - 1
            status, total, body = 206, len(body), body[begin:end + 1]
            handler.send_response(status)
            handler.send_header("Content-Range", f"bytes {begin}-{end}/{total}")
        else:
            handler.send_response(status)
        if file is not None:
            handler.send_header("ETag", etag)
            handler.send_header("Last-Modified", modified)
            handler.send_header("Accept-Ranges", "bytes")
            # As PyPI says of its files. Indexes are asked for anew each time, as they are once a cache is older than the
            # 30 or 600 seconds that channels and PyPI give: no verdict depends on the clock, or on a guess of the
            # client from Last-Modified.
            is_file = file.suffix in (".whl", ".gz", ".conda", ".bz2")
            handler.send_header("Cache-Control", f"max-age={365000000 if is_file else 0}, public")
            handler.send_header("Content-Type", TYPES.get(file.suffix, "application/octet-stream"))
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if has_body:
            self.bytes += len(body)
            handler.wfile.write(body)
