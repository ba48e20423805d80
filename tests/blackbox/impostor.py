"""A server that gives a daemon's page, and documents of its own."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .http import Answer

# U+2028 ends a line for some readers, though not in JSON and not in a stream.
MARKUP = "\u2028<img src=x onerror=alert(1)><script>alert(2)</script>"


class Impostor(ThreadingHTTPServer):
    """Answers browsers with the page, and its script with `documents`, by path and query or by path alone.

    Texts are sent as they are. A POST is answered as the document of its path says: a code and a
    document. What was asked is in `asked`: method, path with query, and the field `Authorization`.
    """

    daemon_threads = True

    def __init__(self, served: Answer, documents: dict[str, object]) -> None:
        asked: list[tuple[str, str, str | None]] = []
        self.asked = asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                is_page = "text/html" in self.headers.get("Accept", "")
                told = documents.get(self.path, documents.get(path))
                self._send(200 if is_page or told is not None else 404, told, is_page)

            def do_POST(self) -> None:
                asked.append((self.command, self.path, self.headers.get("Authorization")))
                told = documents.get(self.path.partition("?")[0])
                code, document = told if isinstance(told, tuple) else (404, {"error": "Not found"})
                self._send(code, document, False)

            def _send(self, code: int, told: object, is_page: bool) -> None:
                text = told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)
                body = served.body if is_page else text.encode()
                self.send_response(code)
                for name in ("content-type", "content-security-policy"):
                    self.send_header(name, served.fields[name] if is_page else "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,))

    def __enter__(self) -> "Impostor":
        self._thread.start()
        return self

    def handle_error(self, *_: object) -> None:
        """A page that is left does not read what it has asked for."""

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()
