"""Files: an address to upload to, the upload, and its completion, which shares the file.

Source: Slack, "Working with files" and the pages of the two methods. Rows of `slack.file` keep the
content in base 64.
"""

import base64
import re
from typing import cast

from sandbox.http.message import Json, Request, Response
from sandbox.slack.messages import chat
from sandbox.slack.web.app import address
from sandbox.slack.web.call import Call, SlackError
from sandbox.state.world import Row, World

FILE = "slack.file"
PATH = "/upload/"
"""Where uploads go, below the face's own address."""
MOST_BYTES = 1_000_000_000
MOST_ALT_TEXT = 1000
TYPES = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "csv": "text/csv"}
_BOUNDARY = re.compile(r"boundary=\"?([^\";]+)")


def begin(call: Call) -> Json:
    """files.getUploadURLExternal: an address for one upload."""
    name, length = call.text("filename"), call.number("length")
    if not 0 < length <= MOST_BYTES:
        raise SlackError("file_upload_size_restricted")
    if len(call.text("alt_txt")) > MOST_ALT_TEXT:
        raise SlackError("alt_txt_too_large")
    file_id = f"F{call.world.next_serial():010d}"
    ending = name.rsplit(".", maxsplit=1)[-1].lower()
    call.world.table(FILE)[file_id] = {
        "id": file_id,
        "name": name,
        "title": name,
        "filetype": ending,
        "mimetype": TYPES.get(ending, "application/octet-stream"),
        "alt_txt": call.text("alt_txt"),
        "size": length,
        "user": call.token["user_id"],
        "created": int(call.world.now.timestamp()),
        "content": None,
    }
    return {"upload_url": f"{address(call.world)}{PATH}{file_id}", "file_id": file_id}


def receive(world: World, request: Request) -> Response:
    """Take the bytes, raw or as the one part of a form."""
    row = world.table(FILE).get(request.path.removeprefix(PATH))
    plain = {"content-type": "text/plain"}
    if row is None or row["content"] is not None:
        return Response(404, b"the upload is not expected", plain)
    content = _uploaded(request)
    if len(content) != row["size"]:
        return Response(400, b"the length is not the one that was announced", plain)
    row["content"] = base64.b64encode(content).decode()
    return Response(200, f"OK - {len(content)}".encode(), plain)


def complete(call: Call) -> Json:
    """files.completeUploadExternal: shared in a channel, or kept for the app alone."""
    wanted = call.decoded("files", "invalid_arguments")
    if not isinstance(wanted, list) or not wanted:
        raise SlackError("invalid_arguments", "[ERROR] files must be a list of files")
    rows = [_uploaded_file(call, cast("Row", one)) for one in cast("list[Json]", wanted)]
    if call.text("channel_id"):
        call.args["channel"] = call.args["channel_id"]
        channel = chat.writable(call)
        said: Row = {"text": call.text("initial_comment"), "files": [_shown(one) for one in rows]}
        thread = call.text("thread_ts")
        chat.put(call.world, channel, call.token, said, thread=thread)
    return {"files": [_shown(row) for row in rows]}


def info(call: Call) -> Json:
    """files.info."""
    return {"file": _shown(_known(call, call.text("file")))}


def delete(call: Call) -> Json:
    """files.delete."""
    del call.world.table(FILE)[_known(call, call.text("file"))["id"]]
    return {}


def _uploaded_file(call: Call, wanted: Row) -> Row:
    row = _known(call, str(wanted.get("id", "")))
    if row["content"] is None:
        raise SlackError("file_update_failed")
    row["title"] = wanted.get("title") or row["name"]
    return row


def _known(call: Call, file_id: str) -> Row:
    row = call.world.table(FILE).get(file_id)
    if row is None:
        raise SlackError("file_not_found")
    return row


def _shown(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "content"}


def _uploaded(request: Request) -> bytes:
    """The file's bytes: of a form with one part, that part's (RFC 7578)."""
    found = _BOUNDARY.search(request.headers.get("content-type", ""))
    if found is None:
        return request.body
    part = request.body.split(b"--" + found[1].encode())[1]
    return part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
