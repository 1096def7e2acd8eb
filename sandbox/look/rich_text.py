"""Rich text blocks as safe HTML. Source: Slack, Block Kit reference, "Rich text block"."""

from markupsafe import Markup, escape

from sandbox.look.mrkdwn import Linked, Named, emoji, link, mention
from sandbox.state.world import Row

STYLES = {"bold": "b", "italic": "i", "strike": "s", "code": "code"}


def render(block: Row, named: Named, linked: Linked) -> Markup:
    """A whole rich text block."""
    return Markup().join(_part(part, named, linked) for part in block["elements"])


def _part(part: Row, named: Named, linked: Linked) -> Markup:
    within: list[Row] = part.get("elements") or []
    if part["type"] == "rich_text_list":
        tag = "ol" if part.get("style") == "ordered" else "ul"
        items = (Markup("<li>{}</li>").format(_line(one, named, linked)) for one in within)
        return Markup(f"<{tag}>{{}}</{tag}>").format(Markup().join(items))  # noqa: S704  (ol, ul)
    words = _line(part, named, linked)
    if part["type"] == "rich_text_preformatted":
        return Markup("<pre>{}</pre>").format(words)
    if part["type"] == "rich_text_quote":
        return Markup("<blockquote>{}</blockquote>").format(words)
    return Markup('<p class="said">{}</p>').format(words)


def _line(part: Row, named: Named, linked: Linked) -> Markup:
    return Markup().join(_word(one, named, linked) for one in part.get("elements") or ())


def _word(one: Row, named: Named, linked: Linked) -> Markup:
    shown = _bare(one, named, linked)
    for style, tag in STYLES.items():
        if (one.get("style") or {}).get(style):
            shown = Markup(f"<{tag}>{{}}</{tag}>").format(shown)  # noqa: S704  (a tag of ours)
    return shown


def _bare(one: Row, named: Named, linked: Linked) -> Markup:
    match one["type"]:
        case "link":
            return link(str(one["url"]), str(one.get("text") or one["url"]), linked)
        case "user":
            return mention(f"@{named(one['user_id'])}")
        case "channel":
            return mention(f"#{named(one['channel_id'])}")
        case "broadcast":
            return mention(f"@{one['range']}")
        case "emoji":
            return escape(emoji(one["name"]))
        case "date":
            return escape(one.get("fallback") or one["timestamp"])
        case _:
            return escape(one.get("text") or "")
