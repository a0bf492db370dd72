"""Qdrant's REST API on 127.0.0.1 in front of Qdrant's own engine (qdrant-edge), for machines without a Qdrant server.

Environment: QDRANT_DATA (folder, ./qdrant-data), QDRANT_PORT (6333; 0 takes any free port), QDRANT_MAX_REQUEST_MB (32),
LOG_LEVEL (info). JSON lines on standard output. SIGTERM or SIGINT: finishes the requests at hand, flushes, exits 0.
"""

import json
import os
import signal
import sys
import threading
import time
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import orjson

from errors import ApiError, bad_request, not_found
from maintenance import maintain
from routes import routes
from storage import DataFolderTaken, Storage

VERSION = "1.18.0"
LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"]
# Bodies held in memory at once, each of at most QDRANT_MAX_REQUEST_MB; the engine itself works on one at a time.
REQUESTS_AT_ONCE = 8
CONNECTIONS_AT_ONCE = 256
IDLE_CONNECTION_SECONDS = 120
STOP_SECONDS = 10
PROBES = {"/healthz": "healthz check passed", "/livez": "healthz check passed", "/readyz": "all shards are ready"}


def logger(least):
    lock = threading.Lock()

    def log(level, message, **fields):
        if LEVELS.index(level) < LEVELS.index(least):
            return
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = json.dumps({"level": level, "time": now, "service": "qdrant", **fields, "msg": message}, default=str)
        with lock:
            print(line, flush=True)

    return log


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, storage, log, max_bytes):
        super().__init__(address, Handler)
        self.storage, self.log, self.max_bytes = storage, log, max_bytes
        self.routes = routes(storage)
        self.at_work = threading.BoundedSemaphore(REQUESTS_AT_ONCE)
        self.connections = threading.BoundedSemaphore(CONNECTIONS_AT_ONCE)

    def process_request(self, request, client_address):
        if not self.connections.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request, client_address):
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.connections.release()

    def handle_error(self, request, client_address):
        error = sys.exc_info()[1]
        # a client that goes away, or stays silent too long, is no fault of the server's
        quiet = isinstance(error, (ConnectionError, TimeoutError))
        self.log("debug" if quiet else "error", "connection ended", error=repr(error))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_CONNECTION_SECONDS
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    rbufsize = 256 * 1024

    def answer(self):
        started = time.monotonic()
        try:
            path = self.path.split("?", 1)[0]
            if self.command == "GET" and path in PROBES:
                return self.send(200, PROBES[path].encode(), "text/plain")
            if self.command == "GET" and path == "/":
                return self.send(200, orjson.dumps({"title": "qdrant - vector search engine", "version": VERSION}))
            with self.server.at_work:
                result = self.run(path, self.body())
                text = orjson.dumps({"result": result, "status": "ok", "time": time.monotonic() - started})
            self.send(200, text)
        except ApiError as error:
            self.fail(error.status, str(error), started)
        except (ConnectionError, TimeoutError):
            raise
        except Exception as error:
            self.server.log("error", "request failed", method=self.command, path=self.path, error=repr(error))
            self.fail(500, f"Service internal error: {error!r}", started)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def run(self, path, body):
        known = False
        for method, pattern, handler in self.server.routes:
            match = pattern.match(path)
            if not match:
                continue
            known = True
            if method == self.command:
                try:
                    return handler(body, **{name: unquote(value) for name, value in match.groupdict().items()})
                except (KeyError, TypeError) as error:
                    raise bad_request(f"Format error in JSON body: {error} is missing or not valid") from error
        raise ApiError(405, "Method not allowed") if known else not_found(f"Not found: {path}")

    def body(self):
        """The JSON object of the request. What cannot be read in full ends the connection after the answer."""
        if self.headers.get("transfer-encoding"):
            self.close_connection = True
            raise ApiError(411, "a Content-Length is needed")
        length = self.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > self.server.max_bytes:
            self.close_connection = True
            raise ApiError(413, f"Payload too large: at most {self.server.max_bytes} bytes")
        raw = self.rfile.read(int(length))
        if len(raw) < int(length):
            raise ConnectionError("the request ended early")
        if not raw:
            return {}
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise bad_request(f"Format error in JSON body: {error}") from error
        if not isinstance(value, dict):
            raise bad_request("Format error in JSON body: an object is expected")
        return value

    def fail(self, status, message, started):
        self.send(status, orjson.dumps({"status": {"error": message}, "time": time.monotonic() - started}))

    def send(self, status, payload, kind="application/json"):
        self.send_response_only(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(payload)))
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(payload)
        self.wfile.flush()
        self.server.log("debug", "request", method=self.command, path=self.path, status=status)


def number(name, fallback, least, most):
    text = os.environ.get(name) or str(fallback)
    if not text.isdigit() or not least <= int(text) <= most:
        raise SystemExit(f"{name} is '{text}': a whole number from {least} to {most} is expected")
    return int(text)


def main():
    log = logger(os.environ.get("LOG_LEVEL", "info"))
    port = number("QDRANT_PORT", 6333, 0, 65535)
    max_bytes = number("QDRANT_MAX_REQUEST_MB", 32, 1, 1024) * 1024 * 1024
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    try:
        storage = Storage(os.path.abspath(os.environ.get("QDRANT_DATA") or "qdrant-data"), log)
    except DataFolderTaken as error:
        log("fatal", str(error))
        return 1
    try:
        server = Server(("127.0.0.1", port), storage, log, max_bytes)
    except OSError as error:
        log("fatal", f"port {port} of 127.0.0.1 cannot be had ({error.strerror}): choose another with QDRANT_PORT")
        return 1
    threading.Thread(target=server.serve_forever, name="http", daemon=True).start()
    upkeep = threading.Thread(target=maintain, args=(storage, stop, log), name="maintenance", daemon=True)
    upkeep.start()
    log("info", "listening", port=server.server_address[1], data=storage.folder, pid=os.getpid())
    stop.wait()
    log("info", "stopping")
    server.shutdown()
    server.server_close()
    upkeep.join(STOP_SECONDS)
    deadline = time.monotonic() + STOP_SECONDS
    for _ in range(REQUESTS_AT_ONCE):
        server.at_work.acquire(timeout=max(0.0, deadline - time.monotonic()))
    storage.close()
    log("info", "stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
