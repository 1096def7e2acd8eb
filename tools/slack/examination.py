"""What `doctor` looks at in Slack, in words for those who administer it."""

from collections.abc import Iterator, Sequence

from domain.errors import AuthError, ToolError
from domain.ports import Finding
from tools.slack.client import SlackClient
from tools.slack.users.directory import Directory

SCOPES = ("chat:write", "im:history", "im:write", "users:read", "users:read.email")
"""What telling owners and reading their status takes (Slack: Scopes)."""

_FIX_SIGN_IN = (
    "api.slack.com/apps > your app > OAuth & Permissions: copy the Bot User OAuth Token into "
    "SLACK_BOT_TOKEN again."
)
_FIX_REACH = "Check SLACK_BASE_URL and that this machine can reach Slack, then try again."
_FIX_SCOPES = (
    "api.slack.com/apps > your app > OAuth & Permissions > Bot Token Scopes: add the missing "
    "scopes and reinstall the app."
)
_FIX_PEOPLE = (
    "Invite them to the workspace, or change the policy to the email address they use in Slack."
)
_LONGEST_LIST = 8


def examine(client: SlackClient, directory: Directory, expected: Sequence[str]) -> list[Finding]:
    """Look at everything that telling owners needs; posts nothing."""
    try:
        me = client.read("auth.test")
    except ToolError as error:
        fix = _FIX_SIGN_IN if isinstance(error, AuthError) else _FIX_REACH
        return [_wrong("sign-in", str(error), fix)]
    findings = [_fine("sign-in", f"Signed in to {me.get('team')} as {me.get('user')}.")]
    findings += _scopes(client)
    try:
        findings += _people(directory, expected)
    except ToolError as error:
        fix = _FIX_SCOPES if isinstance(error, AuthError) else _FIX_REACH
        findings.append(_wrong("people", str(error), fix))
    return findings


def _fine(subject: str, sentence: str) -> Finding:
    return Finding(subject=f"Slack {subject}", ok=True, sentence=sentence)


def _wrong(subject: str, sentence: str, fix: str) -> Finding:
    return Finding(subject=f"Slack {subject}", ok=False, sentence=sentence, fix=fix)


def _scopes(client: SlackClient) -> Iterator[Finding]:
    if client.scopes is None:
        return
    missing = [scope for scope in SCOPES if scope not in client.scopes]
    if missing:
        sentence = f"The token has no scope {', '.join(missing)}."
        yield _wrong("scopes", sentence, _FIX_SCOPES)
    else:
        yield _fine("scopes", "The token has all required scopes.")


def _people(directory: Directory, expected: Sequence[str]) -> Iterator[Finding]:
    people = directory.people()
    missing = sorted({email for email in expected if email.lower() not in people})
    if not missing:
        yield _fine(
            "people", f"All users of the policy are in the workspace ({len(set(expected))})."
        )
        return
    named = ", ".join(missing[:_LONGEST_LIST])
    more = f" and {len(missing) - _LONGEST_LIST} more" if len(missing) > _LONGEST_LIST else ""
    verb = "is" if len(missing) == 1 else "are"
    yield _wrong("people", f"{named}{more} {verb} not in the workspace.", _FIX_PEOPLE)
