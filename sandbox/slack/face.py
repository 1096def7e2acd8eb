"""Slack's Web API face: `POST /api/<method>`, token check, scopes, error bodies."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from sandbox.slack import channels, messages, people, socket, views
from sandbox.slack.blocks import check_blocks
from sandbox.slack.call import Call, RateLimitedError, SlackError, arguments
from sandbox.wire import Handler, Json, Request, Response
from sandbox.world import Row, World


@dataclass(frozen=True, slots=True)
class Method:
    """One API method and the scope that it asks for."""

    run: Callable[[Call], Json]
    scope: str | None = None


METHODS = {
    "apps.connections.open": Method(socket.open_connection, "connections:write"),
    "auth.test": Method(people.authenticate),
    "chat.delete": Method(messages.delete, "chat:write"),
    "chat.getPermalink": Method(messages.permalink),
    "chat.postEphemeral": Method(messages.post_ephemeral, "chat:write"),
    "chat.postMessage": Method(messages.post, "chat:write"),
    "chat.update": Method(messages.update, "chat:write"),
    "conversations.history": Method(channels.history, "channels:history"),
    "conversations.list": Method(channels.conversations, "channels:read"),
    "conversations.open": Method(channels.open_conversation, "im:write"),
    "conversations.replies": Method(channels.replies, "channels:history"),
    "dnd.info": Method(people.quiet_hours, "dnd:read"),
    "dnd.teamInfo": Method(people.team_quiet_hours, "dnd:read"),
    "reactions.add": Method(messages.react, "reactions:write"),
    "assistant.threads.setSuggestedPrompts": Method(views.suggest, "assistant:write"),
    "users.info": Method(people.user, "users:read"),
    "users.list": Method(people.users, "users:read"),
    "users.lookupByEmail": Method(people.lookup, "users:read.email"),
    "users.profile.get": Method(people.profile, "users.profile:read"),
    "users.profile.set": Method(people.refuse_profile),
    "views.publish": Method(views.publish),
}


RESPONSE = "/response"
"""Where the `response_url` of an interaction leads (Slack: Handling user interaction)."""


def _respond(world: World, request: Request) -> Response:
    """Take an answer to an interaction: only who acted sees it, unless it replaces a message."""
    body = cast("Row", request.json())
    check_blocks(body.get("blocks") or [])
    world.record(
        "effect",
        "slack",
        "response",
        text=body.get("text", ""),
        blocks=body.get("blocks") or [],
        replaces=bool(body.get("replace_original")),
    )
    return Response(200, b"ok", {"content-type": "text/plain"})


def face(world: World) -> Handler:
    """Answer as slack.com does: HTTP 200 with `ok`, or 429 with Retry-After."""

    def answer(request: Request) -> Response:
        if request.path.startswith(RESPONSE):
            return _respond(world, request)
        name = request.path.removeprefix("/api/")
        try:
            body: Json = {"ok": True, **_run(world, name, request)}
            response = Response.of(body, x_slack_req_id=f"req{world.next_serial()}")
        except SlackError as refusal:
            body = {"ok": False, "error": refusal.error, **refusal.extra}
            if refusal.messages:
                body["response_metadata"] = {"messages": list(refusal.messages)}
            response = Response.of(body)
        except RateLimitedError as limit:
            body = {"ok": False, "error": "ratelimited"}
            response = Response.of(body, 429, retry_after=str(limit.retry_after))
        world.record(
            "request", "slack", name, status=response.status, ok=body["ok"], error=body.get("error")
        )
        return response

    return answer


def _run(world: World, name: str, request: Request) -> Json:
    method = METHODS.get(name)
    if method is None:
        raise SlackError("unknown_method", req_method=name)
    args = arguments(request)
    bearer = request.headers.get("authorization", "").removeprefix("Bearer").strip()
    given = bearer or str(args.pop("token", "") or "")
    if not given:
        raise SlackError("not_authed")
    token = world.table("slack.token").get(given)
    if token is None:
        raise SlackError("invalid_auth")
    if token.get("revoked"):
        raise SlackError("token_revoked")
    if method.scope is not None and method.scope not in token["scopes"]:
        provided = ",".join(token["scopes"])
        raise SlackError("missing_scope", needed=method.scope, provided=provided)
    return method.run(Call(world, token, args))
