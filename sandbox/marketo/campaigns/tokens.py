"""Tokens in the texts that Marketo sends: `{{lead.First Name:default=there}}` and their like."""

import re
from collections.abc import Callable, Mapping

from sandbox.http.message import Json
from sandbox.marketo.lead_database.people import stamp
from sandbox.marketo.lead_database.schema import fields_of
from sandbox.state.world import Row, World

TOKEN = re.compile(r"\{\{([a-zA-Z]+)\.([^:}]+)(?::default=([^}]*))?\}\}")

Encode = Callable[[Json], str]


class Tokens:
    """What the tokens mean for one person in one campaign."""

    def __init__(self, world: World, person: Row, campaign: Row, my: Mapping[str, str]) -> None:
        labels = {field.label: name for name, field in fields_of(world).items()}
        lead = {label: person.get(name) for label, name in labels.items()}
        lead |= {name: person.get(name) for name in labels.values()}
        lead["Id"] = person["id"]
        self._values: Mapping[str, Mapping[str, Json]] = {
            "lead": lead,
            "company": lead | {"Company Name": person.get("company")},
            "campaign": {"name": campaign["name"], "id": campaign["id"]},
            "program": {"name": campaign.get("programName")},
            "my": my,
            "system": {"dateTime": stamp(world), "date": world.now.date().isoformat()},
        }

    def fill(self, text: str, encode: Encode) -> str:
        """The text with each token replaced; one that means nothing is left as its default."""

        def value(found: re.Match[str]) -> str:
            held = self._values.get(found[1], {}).get(found[2].strip())
            return encode(found[3] if held is None and found[3] else held)

        return TOKEN.sub(value, text)


def plain(value: Json) -> str:
    """As it is: in a URL, Marketo sends every character as written."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
