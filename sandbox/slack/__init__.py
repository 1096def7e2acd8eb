"""Slack's Web API: people and their status, conversations, messages, Block Kit limits.

What people of a world say and press there is planned in `people`, not here.

Rows live in `slack.user`, `slack.channel`, `slack.message` (by `channel/ts`), `slack.token`
and `slack.team`.
"""

from sandbox.slack.api import face
from sandbox.slack.conversations.channels import add_channel, open_dm
from sandbox.slack.people.users import add_token, add_user, set_status, user_by_email

__all__ = [
    "add_channel",
    "add_token",
    "add_user",
    "face",
    "open_dm",
    "set_status",
    "user_by_email",
]
