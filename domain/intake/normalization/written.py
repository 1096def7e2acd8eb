"""Addresses, hosts and numbers as people and programs write them, brought into one spelling.

Pure text: what is around an address or a number, and the two spellings of an internationalized
domain (RFC 3492). Whether it is valid is for the readers of each field.
"""

import re
import unicodedata
from functools import lru_cache

_PREFIX = "xn--"
"""Of a label that stands for letters beyond ASCII (RFC 5890)."""
_ADDRESS = r"[^\s@<>()\[\]{},;:\"“”‘’]+@[^\s@<>()\[\]{},;:!?\"“”‘’']+"
_LABELED = re.compile(
    r"(?:[^@<>]{0,60}?(?::|\s[-–—]\s)\s*)?"  # a label: `E-mail: `, `mailto:`, `Work - `
    rf"[\s;,'\"“‘(\[<]*(?P<address>{_ADDRESS})"
    r"(?:\?[^\s@]*)?[\s;,.!'\"”’)\]>]*"
    r"(?:[(\[][^@]*[)\]])?\s*"  # a remark: `(work)`
)
_NAMED = re.compile(rf"[^@<>]*<\s*(?:mailto:)?(?P<address>{_ADDRESS})\s*>[\s;,.]*", re.IGNORECASE)
"""`Dana Fox <dana@acme.example>`."""
_WITHIN = re.compile(_ADDRESS)
"""One of several addresses; the same one twice is one."""
LONGEST = 1000
"""No field with one address or number is longer; it would be read for minutes."""
_DECIMAL = re.compile(r"(?P<number>\+?\d{6,})\.0+")
"""A spreadsheet took the number for one to calculate with."""
_SCIENTIFIC = re.compile(r"(?P<first>\d)(?:[.,](?P<more>\d+))?[eE]\+?(?P<power>\d{1,2})")
"""... or wrote it with a power of ten, and has mostly lost its last digits."""
_BETWEEN = re.compile(r"\s+/\s*|\s*/\s+|[;,|\n]|\s(?:or|oder|ou|und|and|et|y)\s", re.IGNORECASE)
"""What people write between two numbers."""
_LABEL = re.compile(r"^[^\d+(]*[:=]\s*|^['=\s]+")
_REMARK = re.compile(r"\s*[(\[][^()\[\]\d]*[)\]]\s*$")


def plain(text: str) -> str:
    """A text without invisible signs, in the usual width of its letters (Unicode NFKC)."""
    usual = unicodedata.normalize("NFKC", text)
    return "".join(char for char in usual if unicodedata.category(char) != "Cf").strip()


def one_address(text: str) -> str | None:
    """The one e-mail address in a text, without what is around it; None when that isn't clear."""
    if len(text) > LONGEST:
        return None
    bare = plain(text)
    found = _LABELED.fullmatch(bare) or _NAMED.fullmatch(bare)
    if found is not None:
        return found["address"].rstrip(".").strip("'")
    within = {one[0].rstrip(".'").lower() for one in _WITHIN.finditer(bare)}
    beside = _WITHIN.sub("", bare)
    is_one = len(within) == 1 and not any(one.isalnum() or one == "@" for one in beside)
    return within.pop() if is_one else None


@lru_cache(maxsize=16384)
def in_unicode(host: str) -> str:
    """A host in the letters of its language: `xn--mnchen-3ya.de` is `münchen.de`."""
    lower = unicodedata.normalize("NFC", host.strip().lower())
    return ".".join(map(_label_in_unicode, lower.split("."))) if _PREFIX in lower else lower


def _label_in_unicode(label: str) -> str:
    if not label.startswith(_PREFIX):
        return label
    try:
        return label.removeprefix(_PREFIX).encode("ascii").decode("punycode")
    except UnicodeError:
        return label


@lru_cache(maxsize=16384)
def in_ascii(host: str) -> str:
    """A host as DNS has it: `münchen.de` is `xn--mnchen-3ya.de`."""
    return ".".join(
        label if label.isascii() else _PREFIX + label.encode("punycode").decode("ascii")
        for label in in_unicode(host).split(".")
    )


def spelled_alike(email: str) -> str:
    """An address with its domain in the one spelling that addresses are compared in."""
    local, at, host = email.strip().rpartition("@")
    is_plain = host.isascii() and _PREFIX not in host.lower()
    return email.strip() if is_plain else f"{local}{at}{in_unicode(host)}"


def spellings(email: str) -> tuple[str, ...]:
    """Every way in which a system may hold an address: its domain in letters, and as DNS has it."""
    alike = spelled_alike(email)
    local, at, host = alike.rpartition("@")
    return tuple(dict.fromkeys((alike, f"{local}{at}{in_ascii(host)}")))


def numbers(text: str) -> tuple[str, ...]:
    """What a phone field may hold: the text as one number, then the first of several in it.

    Without label, remark and what a spreadsheet did to it; nothing where its digits are lost.
    """
    if len(text) > LONGEST:
        return ()
    bare = plain(text)
    power = _SCIENTIFIC.fullmatch(bare)
    if power is not None:
        digits = power["first"] + (power["more"] or "")
        return (digits,) if len(digits) == int(power["power"]) + 1 else ()
    bare = _without_words(bare)
    first = _without_words(_BETWEEN.split(bare, maxsplit=1)[0])
    found = (bare, first) if first != bare else (bare,)
    abroad = [f"+{one[2:]}" for one in found if one.startswith("00")]
    return (*found, *abroad)


def _without_words(text: str) -> str:
    bare = _REMARK.sub("", _LABEL.sub("", text))
    decimal = _DECIMAL.fullmatch(bare)
    return bare if decimal is None else decimal["number"]
