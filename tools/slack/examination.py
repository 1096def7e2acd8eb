"""What `doctor` looks at in Slack, in words for those who administer it."""

from collections.abc import Iterator, Sequence

from domain.errors import AuthError, ToolError
from domain.grammar import counted, listed
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
    "In Slack, make them a full member of this workspace with a confirmed address, or change the "
    "policy to the email address they use in Slack."
)
_FIX_SHARED = (
    "In Slack, deactivate the account that is not theirs, or change its email address. Until then "
    "this person can't use routeready in Slack and gets no messages."
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
    people, wanted = directory.people(), sorted({email.lower() for email in expected})
    shared = {email: some for email, some in directory.shared().items() if email in wanted}
    for email, some in shared.items():
        accounts = listed(some, "and")
        sentence = f"{email} is the address of {len(some)} Slack accounts: {accounts}. "
        yield _wrong("people", sentence + "None of them is taken for this person.", _FIX_SHARED)
    missing = [email for email in wanted if email not in people and email not in shared]
    for email in missing[:_LONGEST_LIST]:
        yield _wrong("people", f"{directory.absence(email)}.", _FIX_PEOPLE)
    if len(missing) > _LONGEST_LIST:
        more = counted(len(missing) - _LONGEST_LIST, "more user")
        yield _wrong("people", f"{more} of the policy can't be found in Slack.", _FIX_PEOPLE)
    if not missing and not shared:
        yield _fine("people", f"All users of the policy are in the workspace ({len(wanted)}).")
