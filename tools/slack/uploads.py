"""Sending pictures to Slack: an address, the bytes, and word that they are there.

Slack: "Working with files". An upload that is shared nowhere is seen by nobody, so that it is
harmless to repeat; a message shows it in an image block by its id.
"""

from urllib.parse import urlsplit

import requests

from domain.errors import UnavailableError
from tools.slack.client import VENDOR, SlackClient

SECONDS = 20


def upload(client: SlackClient, name: str, alt: str, content: bytes) -> str:
    """Upload one file; its id.

    Raises what `SlackClient.read` raises; UnavailableError when the bytes don't arrive.
    """
    begun = client.read(
        "files.getUploadURLExternal", filename=name, length=len(content), alt_txt=alt[:1000]
    )
    address, file_id = str(begun["upload_url"]), str(begun["file_id"])
    _send(address, content)
    client.write("files.completeUploadExternal", {"files": [{"id": file_id, "title": name}]})
    return file_id


def _send(address: str, content: bytes) -> None:
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise UnavailableError(VENDOR, "the upload's address does not begin with https://")
    try:
        answer = requests.post(address, data=content, timeout=SECONDS)
    except requests.RequestException as error:
        detail = f"the upload did not arrive: {type(error).__name__}"
        raise UnavailableError(VENDOR, detail) from None
    if not answer.ok:
        raise UnavailableError(VENDOR, f"the upload was refused with HTTP {answer.status_code}")
