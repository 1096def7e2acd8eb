"""What a message may hold: text, blocks, attachments, metadata, and the limits of each.

Sources: Slack, chat.postMessage and chat.update, "Errors"; Message metadata, "Limits".
"""

import json
from typing import cast

from sandbox.http.message import Json
from sandbox.slack.blocks.block_limits import check_blocks, with_ids
from sandbox.slack.web.call import Call, SlackError
from sandbox.state.world import Row

MOST_TEXT = 40_000
"""Slack: chat.postMessage, "Truncating content"."""
MOST_MARKDOWN = 12_000
MOST_METADATA = 8_000
MOST_ATTACHMENTS = 100


def content(call: Call) -> Row:
    """The parts of a message that a call gives. Raises `SlackError`."""
    text = _text(call)
    blocks = call.decoded("blocks", "invalid_blocks_format")
    attachments = call.decoded("attachments", "invalid_arguments")
    if not (text or blocks or attachments):
        raise SlackError("no_text")
    said: Row = {"text": text}
    if blocks:
        check_blocks(blocks, call)
        said["blocks"] = with_ids(blocks)
    if attachments:
        said["attachments"] = _attachments(call, attachments)
    if call.method == "chat.postEphemeral":
        return said
    metadata = call.decoded("metadata", "invalid_metadata_format")
    if metadata is not None:
        _check_metadata(metadata)
        said["metadata"] = metadata
    return said


def _text(call: Call) -> str:
    """The text; a message is cut at its end where the method doesn't refuse a long one."""
    markdown = call.text("markdown_text")
    if markdown:
        if call.text("text") or call.args.get("blocks"):
            raise call.refusal("markdown_text_conflict")
        if len(markdown) > MOST_MARKDOWN:
            raise call.refusal("msg_too_long", "invalid_arguments")
        return markdown
    text = call.text("text")
    if len(text) > MOST_TEXT and call.method != "chat.postMessage":
        raise SlackError("msg_too_long")
    return text[:MOST_TEXT]


def _attachments(call: Call, attachments: Json) -> Json:
    if not isinstance(attachments, list):
        raise call.refusal("invalid_attachments", "invalid_arguments")
    if len(cast("list[Json]", attachments)) > MOST_ATTACHMENTS:
        raise SlackError("too_many_attachments")
    return cast("list[Json]", attachments)


def _check_metadata(metadata: Json) -> None:
    if not isinstance(metadata, dict):
        raise SlackError("invalid_metadata_format")
    row = cast("Row", metadata)
    if not row.get("event_type") or not isinstance(row.get("event_payload"), dict):
        raise SlackError("invalid_metadata_schema")
    if len(json.dumps(row)) > MOST_METADATA:
        raise SlackError("metadata_too_large")
