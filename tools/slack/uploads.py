"""Sending pictures to Slack: an address, the bytes, and word that they are there.

Slack: "Working with files". An upload that is shared nowhere is seen by nobody, so that it is
harmless to repeat; a message shows it in an image block by its id.
"""

import requests

from domain.errors import UnavailableError
from tools import addresses
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
    _send(address, content, here=client.is_here)
    client.write("files.completeUploadExternal", {"files": [{"id": file_id, "title": name}]})
    return file_id


def _send(address: str, content: bytes, *, here: bool) -> None:
    """The address comes from an answer, so it may lead anywhere: it is looked at like any other."""
    why = addresses.refusal(address, here=here)
    if why is not None:
        raise UnavailableError(VENDOR, f"the upload's address {why}")
    try:
        with addresses.session(here=here) as session:
            answer = session.post(address, data=content, timeout=SECONDS)
    except requests.RequestException as error:
        detail = f"the upload did not arrive: {type(error).__name__}"
        raise UnavailableError(VENDOR, detail) from None
    if not answer.ok:
        raise UnavailableError(VENDOR, f"the upload was refused with HTTP {answer.status_code}")
