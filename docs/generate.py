"""Write the generated parts of docs/: `python docs/generate.py`; a test compares them."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from agent.conversation import graph as conversation  # noqa: E402
from agent.follow_through import graph as follow_through  # noqa: E402
from agent.routing import graph as routing  # noqa: E402
from domain.conversation.permissions import CHANGES, PUBLISHERS, SPENDS, TABLE, Ability, Reach  # noqa: E402
from domain.policy.model import Policy  # noqa: E402


def documents() -> Mapping[Path, str]:
    """Every generated file and what belongs in it."""
    return {
        ROOT / "docs/graphs/routing.mmd": routing.build().get_graph().draw_mermaid(),
        ROOT / "docs/graphs/follow_through.mmd": follow_through.build().get_graph().draw_mermaid(),
        ROOT / "docs/graphs/conversation.mmd": conversation.build().get_graph().draw_mermaid(),
        ROOT / "docs/roles.md": "\n".join(_roles()) + "\n",
        ROOT / "docs/policy.md": "\n".join(_policy_reference()) + "\n",
    }


WHOSE = ("own", "team", "other")
"""Whose lead it is, as seen by who asks."""


def _roles() -> Iterator[str]:
    yield "# Who may what"
    yield ""
    yield "Generated from the code: `make docs`. The role is the policy's `users: role:`; why it is so: [security.md](security.md)."
    yield ""
    yield "## How far each role reaches"
    yield ""
    yield "`own` is one's own leads, `team` also those of everybody who reports to one, `all` every lead."
    yield "A lead that nobody answers for yet is reached by `all` only."
    yield ""
    yield "| asked for | changes something | " + " | ".join(TABLE) + " |"
    yield "|---|---|" + "---|" * len(TABLE)
    for ability in Ability:
        cells = [str(abilities.get(ability, Reach.NONE)) for abilities in TABLE.values()]
        shown = ["-" if cell == "none" else cell for cell in cells]
        mark = "yes" if ability in CHANGES else "costs credits" if ability in SPENDS else ""
        yield f"| `{ability}` | {mark} | " + " | ".join(shown) + " |"
    yield ""
    publishers = ", ".join(f"`{role}`" for role in sorted(PUBLISHERS))
    yield f"Publishing a policy to some leads, agreeing to it and taking it back: {publishers}, by the policy file."
    yield ""
    yield "## Case by case"
    yield ""
    yield "Whether each role may, for a lead of their own, of their team's, and of somebody else's. Every cell is tried by a test."
    yield ""
    columns = [f"{role}: {whose}" for role in TABLE for whose in WHOSE]
    yield "| asked for | " + " | ".join(columns) + " |"
    yield "|---|" + "---|" * len(columns)
    for ability in Ability:
        cells = [
            "yes" if _covers(abilities.get(ability, Reach.NONE), whose) else "-"
            for abilities in TABLE.values()
            for whose in WHOSE
        ]
        yield f"| `{ability}` | " + " | ".join(cells) + " |"


def _covers(reach: Reach, whose: str) -> bool:
    covered = {Reach.OWN: ("own",), Reach.TEAM: ("own", "team"), Reach.ALL: WHOSE}
    return whose in covered.get(reach, ())


def _policy_reference() -> Iterator[str]:
    schema = Policy.model_json_schema()
    yield "# The policy file"
    yield ""
    yield "Generated from the code: `make docs`. The example is [policy.yaml](../policy.yaml)."
    yield "Durations are written `90s`, `15m`, `4h`, `2d` or `1w`."
    yield from _section("The file", schema)
    for name, part in schema["$defs"].items():
        if "properties" in part:
            yield from _section(name, part)
        elif "enum" in part:
            yield f"\n## {name}\n"
            yield part.get("description", "")
            yield ""
            yield "One of " + ", ".join(f"`{value}`" for value in part["enum"]) + "."


def _section(title: str, part: Mapping[str, Any]) -> Iterator[str]:
    yield f"\n## {title}\n"
    yield str(part.get("description", "")).replace("\n", " ")
    yield ""
    yield "| key | type | default | meaning |"
    yield "|---|---|---|---|"
    required = set(part.get("required", ()))
    for key, field in part["properties"].items():
        default = "required" if key in required else _code(field.get("default"))
        meaning = str(field.get("description", "")).replace("\n", " ").replace("|", "\\|")
        yield f"| `{key}` | {_type(field)} | {default} | {meaning} |"


def _code(value: object) -> str:
    if value in (None, [], {}, ""):
        return ""
    return f"`{value}`".replace("|", "\\|")


def _type(field: Mapping[str, Any]) -> str:
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for several in ("anyOf", "oneOf"):
        if several in field:
            return " or ".join(_type(one) for one in field[several] if one.get("type") != "null")
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}))}"
    if field.get("type") == "object":
        return f"by name: {_type(field.get('additionalProperties', {}))}"
    return str(field.get("type", "any"))


if __name__ == "__main__":
    for path, text in documents().items():
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
