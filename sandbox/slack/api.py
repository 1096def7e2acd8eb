"""Slack's face: `POST /api/<method>`, uploads, and the hooks that interactions are answered by.

A call is checked as Slack does it: method, token, kind of token, scope, pace, arguments.
"""

from collections.abc import Callable, Mapping

from sandbox.http.message import Handler, Json, Request, Response
from sandbox.slack.conversations import channels, membership
from sandbox.slack.interactivity import response_urls, views
from sandbox.slack.messages import (
    assistant_threads,
    chat,
    files,
    message_streams,
    reactions,
    scheduled_messages,
)
from sandbox.slack.people import openid, users
from sandbox.slack.transport import socket_mode
from sandbox.slack.web.app import serve_at
from sandbox.slack.web.call import Call, RateLimitedError, SlackError, arguments
from sandbox.slack.web.rate_limits import spend_call
from sandbox.slack.web.reference import Documented, pages
from sandbox.state.world import Row, World

MOUNT = "/slack"
"""Where this face is mounted."""
APP_LEVEL = frozenset({"apps.connections.open"})
"""Methods that take the app-level token, and its scope `connections:write`."""
NAMES_ITS_OWN = {
    "dnd.teamInfo": "users",
    "conversations.create": "name",
    "reactions.add": "name",
    "reactions.remove": "name",
}
"""Required arguments whose absence has an error name of its own."""

METHODS: Mapping[str, Callable[[Call], Json]] = {
    "api.test": users.test,
    "apps.connections.open": socket_mode.open_connection,
    "assistant.threads.setStatus": assistant_threads.set_status,
    "assistant.threads.setSuggestedPrompts": assistant_threads.suggest,
    "assistant.threads.setTitle": assistant_threads.set_title,
    "auth.test": users.authenticate,
    "bots.info": users.bot_info,
    "chat.appendStream": message_streams.append,
    "chat.delete": chat.delete,
    "chat.deleteScheduledMessage": scheduled_messages.cancel,
    "chat.getPermalink": chat.permalink,
    "chat.postEphemeral": chat.post_ephemeral,
    "chat.postMessage": chat.post,
    "chat.scheduleMessage": scheduled_messages.schedule,
    "chat.scheduledMessages.list": scheduled_messages.waiting,
    "chat.startStream": message_streams.start,
    "chat.stopStream": message_streams.stop,
    "chat.update": chat.update,
    "conversations.archive": membership.archive,
    "conversations.create": membership.create,
    "conversations.history": channels.history,
    "conversations.info": membership.info,
    "conversations.invite": membership.invite,
    "conversations.join": membership.join,
    "conversations.leave": membership.leave,
    "conversations.list": channels.conversations,
    "conversations.members": membership.members,
    "conversations.open": channels.open_conversation,
    "conversations.replies": channels.replies,
    "dnd.info": users.quiet_hours,
    "dnd.teamInfo": users.team_quiet_hours,
    "files.completeUploadExternal": files.complete,
    "files.delete": files.delete,
    "files.getUploadURLExternal": files.begin,
    "files.info": files.info,
    "reactions.add": reactions.add,
    "reactions.get": reactions.get,
    "reactions.remove": reactions.remove,
    "team.info": users.team,
    "users.conversations": membership.joined_by,
    "users.getPresence": users.presence,
    "users.info": users.user,
    "users.list": users.users,
    "users.lookupByEmail": users.lookup,
    "users.profile.get": users.profile,
    "users.profile.set": users.refuse_profile,
    "views.open": views.open_view,
    "views.publish": views.publish,
    "views.push": views.push,
    "views.update": views.update,
}


def face(world: World) -> Handler:
    """Answer as slack.com does: HTTP 200 with `ok`, or 429 with Retry-After."""

    def answer(request: Request) -> Response:
        if "host" in request.headers:
            serve_at(world, f"http://{request.headers['host']}{MOUNT}")
        if request.path.startswith(response_urls.PATH):
            return response_urls.respond(world, request)
        if request.path.startswith(files.PATH):
            return files.receive(world, request)
        if openid.answers(request.path):
            return openid.answer(world, request)
        name = request.path.removeprefix("/api/")
        try:
            response, error = _run(world, name, request), None
        except SlackError as refusal:
            response, error = _refuse(name, refusal), refusal.error
        except RateLimitedError as limit:
            body: Row = {"ok": False, "error": "ratelimited"}
            response = Response.of(body, 429, retry_after=str(limit.retry_after))
            error = "ratelimited"
        status, is_ok = response.status, error is None
        world.record("request", "slack", name, status=status, ok=is_ok, error=error)
        return response

    return answer


def _refuse(name: str, refusal: SlackError) -> Response:
    """Slack's answer to a refused call. Raises LookupError for a name that it doesn't document."""
    if name in pages() and refusal.error not in pages()[name].errors:
        raise LookupError(f"Slack does not document {refusal.error} for {name}")
    body: Row = {"ok": False, "error": refusal.error, **refusal.extra}
    if refusal.messages:
        body["response_metadata"] = {"messages": list(refusal.messages)}
    return Response.of(body)


def _run(world: World, name: str, request: Request) -> Response:
    run = METHODS.get(name)
    if run is None:
        raise SlackError("unknown_method", req_method=name)
    page = pages()[name]
    args = arguments(request, takes_json=page.takes_json)
    token = _token(world, request, args)
    _check_token(name, page, token)
    spend_call(world, name)
    missing = [one for one in page.required if args.get(one) is None]
    missing = [one for one in missing if NAMES_ITS_OWN.get(name) != one]
    if missing:
        told = (f"[ERROR] missing required field: {one}" for one in missing)
        raise SlackError("invalid_arguments", *told)
    body: Row = {"ok": True, **run(Call(world, token, name, args))}
    if args and _lacks_charset(request):
        body["warning"] = "missing_charset"
        body.setdefault("response_metadata", {})["warnings"] = ["missing_charset"]
    return Response.of(
        body,
        x_slack_req_id=f"req{world.next_serial()}",
        x_oauth_scopes=",".join(token["scopes"]),
        x_accepted_oauth_scopes=",".join(page.scopes),
    )


def _token(world: World, request: Request, args: dict[str, Json]) -> Row:
    bearer = request.headers.get("authorization", "").removeprefix("Bearer").strip()
    in_body = str(args.pop("token", "") or "")
    given = bearer or ("" if "token" in request.query else in_body)
    if not given:
        raise SlackError("not_authed")
    token = world.table("slack.token").get(given)
    if token is None:
        raise SlackError("invalid_auth")
    if token.get("revoked"):
        raise SlackError("token_revoked")
    return token


def _check_token(name: str, page: Documented, token: Row) -> None:
    if (token["kind"] == "app") != (name in APP_LEVEL) or not page.is_for_bots:
        raise SlackError("not_allowed_token_type")
    needed = ("connections:write",) if name in APP_LEVEL else page.scopes
    if needed and not set(needed) & set(token["scopes"]):
        provided = ",".join(token["scopes"])
        raise SlackError("missing_scope", needed=",".join(needed), provided=provided)


def _lacks_charset(request: Request) -> bool:
    is_json = request.content_type == "application/json"
    return is_json and "charset" not in request.headers.get("content-type", "").lower()
