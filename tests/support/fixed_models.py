"""A model server with one fixed answer, for what servers really send."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pydantic import SecretStr

from sandbox.state.world import Row
from tests.support.worlds import Town

BILLED = 3700
"""Tokens of each answer."""


@contextmanager
def model_that_answers(here: Town, message: Row, finish: str = "stop") -> Generator[list[Row]]:
    """A town's worker connected to a model that always says the same; the requests it got."""
    usage = {"prompt_tokens": BILLED - 700, "completion_tokens": 700, "total_tokens": BILLED}
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    body = json.dumps({"id": "c", "model": "m", "choices": [choice], "usage": usage}).encode()
    asked: list[Row] = []

    class Model(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its own name)
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    before = here.app.settings
    access = {
        "openai_api_key": SecretStr("k"),
        "openai_base_url": f"http://127.0.0.1:{server.server_port}/v1",
        "openai_model": "m",
    }
    here.app.settings = before.model_copy(update=access)
    for name in ("talker", "investigator"):
        here.app.__dict__.pop(name, None)
    try:
        yield asked
    finally:
        for name in ("talker", "investigator"):
            here.app.__dict__.pop(name, None)
        here.app.settings = before
        server.shutdown()
        server.server_close()
        thread.join()
