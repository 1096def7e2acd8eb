"""Slack's mrkdwn as safe HTML. Source: Slack, "Formatting text for app surfaces"."""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape

from markupsafe import Markup, escape

Named = Callable[[str], str]
"""What people call something by its id: `U...` a person, `C...` a channel."""
Linked = Callable[[str], str]
"""Where a link leads here: its own address, or the page of the record that it is about."""

SAFE = ("https://", "http://", "mailto:")
EMOJI = {
    "+1": "THUMBS UP SIGN",
    "-1": "THUMBS DOWN SIGN",
    "clock3": "CLOCK FACE THREE OCLOCK",
    "eyes": "EYES",
    "face_with_thermometer": "FACE WITH THERMOMETER",
    "heavy_check_mark": "HEAVY CHECK MARK",
    "hourglass": "HOURGLASS",
    "palm_tree": "PALM TREE",
    "phone": "BLACK TELEPHONE",
    "rotating_light": "POLICE CARS REVOLVING LIGHT",
    "tada": "PARTY POPPER",
    "telephone_receiver": "TELEPHONE RECEIVER",
    "thumbsup": "THUMBS UP SIGN",
    "warning": "WARNING SIGN",
    "wave": "WAVING HAND SIGN",
    "white_check_mark": "WHITE HEAVY CHECK MARK",
    "x": "CROSS MARK",
}
"""Slack's names of the more usual ones; the rest is shown by name."""
_PARTS = re.compile(r"```(?P<pre>.+?)```|`(?P<code>[^`\n]+)`|<(?P<link>[^<>\n]+)>", re.DOTALL)
_STYLES = (
    (re.compile(r"(?<![\w*])\*(?=\S)(.+?)(?<=\S)\*(?![\w*])"), "b"),
    (re.compile(r"(?<![\w_])_(?=\S)(.+?)(?<=\S)_(?![\w_])"), "i"),
    (re.compile(r"(?<![\w~])~(?=\S)(.+?)(?<=\S)~(?![\w~])"), "s"),
)
_EMOJI = re.compile(r":([a-z0-9_+-]+):")
_DATE = re.compile(r"!date\^(\d+)\^")


def emoji(name: str) -> str:
    """The character that Slack calls so, or the name between colons."""
    known = EMOJI.get(name)
    return unicodedata.lookup(known) if known else f":{name}:"


def link(address: str, label: str, linked: Linked) -> Markup:
    """A link that leads somewhere safe; the bare words where it doesn't."""
    target = linked(address)
    if not target.startswith((*SAFE, "/look/")):
        return escape(label)
    return Markup('<a href="{}" rel="noreferrer noopener">{}</a>').format(target, label)


def render(text: str, named: Named, linked: Linked) -> Markup:
    """Text in mrkdwn as HTML: styles, code, links, mentions, dates, quotes and line breaks."""
    shown, at = Markup(), 0
    for found in _PARTS.finditer(text):
        shown += _styled(text[at : found.start()])
        at = found.end()
        if found["pre"]:
            shown += Markup("<pre>{}</pre>").format(unescape(found["pre"].strip("\n")))
        elif found["code"]:
            shown += Markup("<code>{}</code>").format(unescape(found["code"]))
        else:
            shown += _reference(found["link"], named, linked)
    return shown + _styled(text[at:])


def _styled(text: str) -> Markup:
    """Words with their styles; Slack's three escapes are undone first, then all is escaped."""
    safe = str(escape(unescape(text)))
    for pattern, tag in _STYLES:
        safe = pattern.sub(rf"<{tag}>\1</{tag}>", safe)
    safe = _EMOJI.sub(lambda found: emoji(found[1]), safe)
    lines = safe.split("\n")
    quoted = [
        f"<q>{line.removeprefix('&gt; ').removeprefix('&gt;')}</q>"
        if line.startswith("&gt;")
        else line
        for line in lines
    ]
    return Markup("<br>".join(quoted))  # noqa: S704  (escaped above)


def _reference(inner: str, named: Named, linked: Linked) -> Markup:
    """What stands between angle brackets: a mention, a channel, a date, a broadcast, a link."""
    target, _, label = inner.partition("|")
    date = _DATE.match(target)
    if date:
        at = datetime.fromtimestamp(int(date[1]), UTC)
        return escape(unescape(label) or f"{at:%a %d %b %H:%M} UTC")
    if target.startswith("@"):
        return mention(f"@{named(target[1:])}")
    if target.startswith("#"):
        return mention(f"#{named(target[1:]) or label}")
    if target.startswith("!"):
        return mention(f"@{target[1:].partition('^')[0]}")
    return link(unescape(target), unescape(label or target), linked)


def mention(words: str) -> Markup:
    """Somebody or some channel that is spoken of."""
    return Markup('<span class="mention">{}</span>').format(words)
