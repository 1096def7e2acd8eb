"""A place to look: the sandbox's Slack as people would read it, served as plain HTML at `/look`.

Nothing here runs in the browser: no script, one style sheet, a strict content policy. Everything
that a lead or a person wrote is escaped.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from html import escape
from zoneinfo import ZoneInfo

from sandbox.wire import Handler, Json, Request, Response
from sandbox.world import Row, World

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --link: #1264a3; }
@media (prefers-color-scheme: dark) { :root { --link: #6cb4ee; } }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.46 system-ui, sans-serif; display: flex; min-height: 100vh; }
nav { width: 16rem; flex: none; padding: 1rem; border-right: 1px solid var(--line); }
nav a { display: block; padding: .15rem .4rem; border-radius: .3rem; text-decoration: none;
  color: inherit; overflow-wrap: anywhere; }
nav a[aria-current] { background: var(--link); color: #fff; }
main { padding: 1rem 1.25rem; max-width: 46rem; flex: 1; min-width: 0; }
article { padding: .6rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
article.reply { margin-left: 1.5rem; padding-left: .75rem; border-left: 3px solid var(--line);
  border-top: 0; }
article > header { font-weight: 700; } article time { font-weight: 400; opacity: .65;
  font-size: .85em; margin-left: .4rem; }
h3 { margin: .3rem 0; font-size: 1.05rem; } p { margin: .25rem 0; white-space: pre-wrap; }
ul { margin: .25rem 0; padding-left: 1.3rem; }
a { color: var(--link); } .context { font-size: .85em; opacity: .7; }
.actions { display: flex; flex-wrap: wrap; gap: .4rem; margin: .35rem 0; }
.actions span { border: 1px solid var(--line); border-radius: .3rem; padding: .25rem .7rem;
  font-weight: 600; font-size: .9em; background: var(--soft); }
.actions span.primary { background: #007a5a; border-color: #007a5a; color: #fff; }
@media (max-width: 40rem) { body { display: block; } nav { width: auto; border-right: 0;
  border-bottom: 1px solid var(--line); } main { padding: 1rem; } }
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def face(world: World) -> Handler:
    """Serve the page of one world: `/` lists conversations, `/<channel>` shows one."""

    def answer(request: Request) -> Response:
        channel = request.path.strip("/")
        body = _document(world, channel).encode()
        headers = {
            "content-type": "text/html; charset=utf-8",
            "content-security-policy": POLICY,
        }
        return Response(200, body, headers)

    return answer


def _document(world: World, channel: str) -> str:
    channels = world.table("slack.channel")
    names = {key: _name(world, row) for key, row in channels.items()}
    spoken = {row["channel"] for row in world.table("slack.message").values()}
    links = "".join(
        f'<a href="/look/{escape(key)}"{" aria-current=page" if key == channel else ""}>'
        f"{escape(name)}</a>"
        for key, name in sorted(names.items(), key=lambda one: one[1])
        if key in spoken
    )
    shown = (
        _conversation(world, channel) if channel in channels else "<p>Choose a conversation.</p>"
    )
    title = escape(names.get(channel, "Conversations"))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style>"
        f'<nav aria-label="Conversations"><b>Slack</b>{links}</nav>'
        f"<main><h2>{title}</h2>{shown}</main></html>"
    )


def _name(world: World, row: Row) -> str:
    user = world.table("slack.user").get(row.get("user") or "")
    return f"@{user['real_name']}" if user else f"#{row.get('name', row['id'])}"


def _conversation(world: World, channel: str) -> str:
    rows = [row for row in world.table("slack.message").values() if row["channel"] == channel]
    rows.sort(key=lambda row: (row.get("thread_ts") or row["ts"], row["ts"]))
    reader = world.table("slack.user").get(world.table("slack.channel")[channel].get("user") or "")
    zone = ZoneInfo(reader["tz"]) if reader else ZoneInfo("UTC")
    return "".join(_message(world, row, zone) for row in rows)


def _message(world: World, row: Row, zone: ZoneInfo) -> str:
    user = world.table("slack.user").get(row.get("user") or "", {})
    who = user.get("real_name") or "routeready"
    at = datetime.fromtimestamp(float(row["ts"]), UTC).astimezone(zone)
    edited = " (edited)" if row.get("edited") else ""
    is_reply = row.get("thread_ts") not in (None, row["ts"])
    blocks = "".join(_block(block) for block in row.get("blocks") or ())
    shown = blocks or f"<p>{escape(row['text'])}</p>"
    return (
        f'<article class="{"reply" if is_reply else ""}"><header>{escape(who)}'
        f"<time>{at:%a %d %b %H:%M %Z}{edited}</time></header>{shown}</article>"
    )


def _block(block: Row) -> str:
    draw = _BLOCKS.get(block["type"])
    return draw(block) if draw else f"<p>[{escape(block['type'])}]</p>"


def _header(block: Row) -> str:
    return f"<h3>{escape(block['text']['text'])}</h3>"


def _section(block: Row) -> str:
    texts = [block["text"]] if block.get("text") else []
    texts += block.get("fields") or []
    return "".join(f"<p>{escape(text['text'])}</p>" for text in texts)


def _context(block: Row) -> str:
    words = " ".join(escape(one.get("text", "")) for one in block["elements"])
    return f'<p class="context">{words}</p>'


def _actions(block: Row) -> str:
    shown: list[str] = []
    for one in block["elements"]:
        text = one.get("text") or one.get("placeholder") or {"text": one["type"]}
        more = " ▾" if "select" in one["type"] else ""
        style = escape(one.get("style", ""))
        shown.append(f'<span class="{style}">{escape(text["text"])}{more}</span>')
    return f'<div class="actions">{"".join(shown)}</div>'


def _rich(block: Row) -> str:
    return "".join(_rich_part(part) for part in block["elements"])


def _rich_part(part: Row) -> str:
    if part["type"] == "rich_text_list":
        items = "".join(f"<li>{_inline(item['elements'])}</li>" for item in part["elements"])
        return f"<ul>{items}</ul>"
    return f"<p>{_inline(part['elements'])}</p>"


def _inline(elements: list[Json]) -> str:
    shown = ""
    for one in elements:
        text = escape(str(one.get("text") or one.get("url") or ""))
        if one["type"] == "link":
            text = f'<a href="{escape(one["url"])}" rel="noreferrer">{text}</a>'
        for name, tag in (("bold", "b"), ("italic", "i"), ("strike", "s"), ("code", "code")):
            if (one.get("style") or {}).get(name):
                text = f"<{tag}>{text}</{tag}>"
        shown += text
    return shown


_BLOCKS: Mapping[str, Callable[[Row], str]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "rich_text": _rich,
    "divider": lambda _: "<hr>",
}
"""How each kind of block is drawn."""
