"""The app that is installed in the workspace: how Slack reaches it, and what it wants to hear.

One row of `slack.app`, which any control call may change:

    socket_mode         whether deliveries go through the WebSocket; else by HTTP
    request_url         where events go by HTTP; set it with `sandbox.acts`' `slack.subscribe`
    interactivity_url, command_url    the same for presses, forms and commands; empty for that one
    is_verified         whether the request URL answered Slack's challenge
    signing_secret      with which every delivery by HTTP is signed
    events              what is subscribed to, as the app's manifest names it
    commands            slash commands that are the app's
    distribution        `internal`, or `commercial` for the history limits of new commercial apps
"""

from sandbox.state.world import Row, World

APP_ID = "A0000000001"
TEAM_ID = "T0000000001"
TEAM_NAME, TEAM_DOMAIN = "Meridian Systems", "meridian"
SIGNING_SECRET = "sandbox-signing-secret"
APP, ADDRESS = "slack.app", "slack.socket"
EVENTS = (
    "app_home_opened",
    "app_mention",
    "assistant_thread_context_changed",
    "assistant_thread_started",
    "message.im",
)
COMMANDS = ("/leads",)


def installed(world: World) -> Row:
    """The app's row."""
    table = world.table(APP)
    if APP_ID not in table:
        table[APP_ID] = {
            "id": APP_ID,
            "distribution": "internal",
            "socket_mode": True,
            "request_url": "",
            "interactivity_url": "",
            "command_url": "",
            "is_verified": False,
            "signing_secret": SIGNING_SECRET,
            "events": list(EVENTS),
            "commands": list(COMMANDS),
        }
    return table[APP_ID]


def bot(world: World) -> Row | None:
    """The token row of the app's bot; None while no bot token is known."""
    rows = world.table("slack.token").values()
    return next((row for row in rows if row["kind"] == "bot"), None)


def serve_at(world: World, url: str) -> None:
    """Say where Slack's face is reached, without a slash at the end; hooks and uploads need it."""
    world.table(ADDRESS)["web"] = {"url": url}


def address(world: World) -> str:
    """Where Slack's face is reached."""
    return str(world.table(ADDRESS).get("web", {}).get("url", "http://127.0.0.1/slack"))


def is_reachable(world: World) -> bool:
    """Whether there is a way to deliver anything: a socket that is served, or a request URL."""
    row = installed(world)
    way = "address" if row["socket_mode"] else "courier"
    return way in world.table(ADDRESS) and bool(row["socket_mode"] or row["request_url"])


def is_listening(world: World) -> bool:
    """Whether an app hears what is delivered; one at a request URL is taken to."""
    if not is_reachable(world):
        return False
    row, open_now = installed(world), world.table(ADDRESS).get("open", {})
    return bool(not row["socket_mode"] or open_now.get("connections"))


def team() -> Row:
    """The workspace as payloads carry it."""
    return {"id": TEAM_ID, "domain": TEAM_DOMAIN}
