"""Write the generated parts of docs/: `python docs/generate.py`; a test compares them."""

import re
import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from agent.conversation import graph as conversation  # noqa: E402
from agent.follow_through import graph as follow_through  # noqa: E402
from agent.routing import graph as routing  # noqa: E402
from domain.conversation.permissions import CHANGES, PUBLISHERS, SPENDS, TABLE, Ability, Reach  # noqa: E402
from domain.intake.normalization.numbers import BANDS  # noqa: E402
from domain.intake.vocabulary.shipped import vocabulary  # noqa: E402
from domain.policy.facts import TYPED  # noqa: E402
from domain.policy.model import Policy  # noqa: E402
from domain.time.durations import format_duration  # noqa: E402

ISO_DURATION = re.compile(r"P(\d+Y)?(\d+D)?(T[\dHMS]+)?")
DURATION = TypeAdapter(timedelta)


def documents() -> Mapping[Path, str]:
    """Every generated file and what belongs in it."""
    return {
        ROOT / "docs/graphs/routing.mmd": routing.build().get_graph().draw_mermaid(),
        ROOT / "docs/graphs/follow_through.mmd": follow_through.build().get_graph().draw_mermaid(),
        ROOT / "docs/graphs/conversation.mmd": conversation.build().get_graph().draw_mermaid(),
        ROOT / "docs/reference/roles.md": "\n".join(_roles()) + "\n",
        ROOT / "docs/reference/vocabulary.md": "\n".join(_vocabulary()) + "\n",
        ROOT / "docs/reference/policy.md": "\n".join(_policy_reference()) + "\n",
    }


def _vocabulary() -> Iterator[str]:
    yield "# Vocabulary"
    yield ""
    yield "The values that rules can use where a field is read into a closed list. Generated from the code by `make docs`."
    yield ""
    yield "A value that isn't known stays as it was typed, and rules can use it so. What was typed is kept beside the value and is a field of its own: " + ", ".join(f"`{name}`" for name in TYPED.values()) + "."
    yield "Add words, override them or replace a list under [`vocabulary`](policy.md#vocabulary) in the policy. `routeready policy check` reports a value that no lead can have."
    yield ""
    yield "| field | values |"
    yield "|---|---|"
    for field, name in (("industry", "industries"), ("lead_source", "lead_sources"), ("seniority", "seniority"), ("function", "function")):
        labels = [label.rstrip("~") for label in vocabulary(name) if label not in ("-", "filler", "assistant")]
        yield f"| `{field}` | " + ", ".join(f"`{label}`" for label in labels) + " |"
    yield "| `employee_band` | " + ", ".join(f"`{name}`" for name in BANDS) + " |"
    yield "| `country` | two-letter codes of ISO 3166-1 |"
    yield "| `state` | codes of ISO 3166-2 without the country, such as `CA`; `AA`, `AE` and `AP` for US forces abroad |"
    yield ""
    yield "## Examples"
    yield ""
    yield "The first words of each list; all of them are in `domain/intake/vocabulary/lists/`."
    for name in ("industries", "lead_sources", "seniority", "function"):
        yield ""
        yield f"| {name.replace('_', ' ')} | words |"
        yield "|---|---|"
        for label, words in vocabulary(name).items():
            if label not in ("-", "filler", "assistant"):
                yield f"| `{label.rstrip('~')}` | " + ", ".join(word.strip("^$") for word in words[:8]) + " |"


WHOSE = ("own", "team", "other")
"""Whose lead it is, as seen by who asks."""


def _roles() -> Iterator[str]:
    yield "# Roles"
    yield ""
    yield "Who may see and do what. A person's role is `role` under `users` in the policy; why it works this way: [Security](../explanation/security.md). Generated from the code by `make docs`."
    yield ""
    yield "## What each role may do"
    yield ""
    yield "`own` means your own leads, `team` also those of everybody who reports to you, `all` every lead."
    yield "A lead without an owner or queue owner is covered by `all` only."
    yield ""
    yield "| action | changes something | " + " | ".join(TABLE) + " |"
    yield "|---|---|" + "---|" * len(TABLE)
    for ability in Ability:
        cells = [str(abilities.get(ability, Reach.NONE)) for abilities in TABLE.values()]
        shown = ["-" if cell == "none" else cell for cell in cells]
        mark = "yes" if ability in CHANGES else "costs credits" if ability in SPENDS else ""
        yield f"| `{ability}` | {mark} | " + " | ".join(shown) + " |"
    yield ""
    publishers = ", ".join(f"`{role}`" for role in sorted(PUBLISHERS))
    yield f"Publishing a policy to some leads, agreeing to it and rolling it back: {publishers}, as the policy file says."
    yield ""
    yield "## Case by case"
    yield ""
    yield "Whether each role may do it for their own lead, for one of their team, and for anybody else's. A test covers every cell."
    yield ""
    columns = [f"{role}: {whose}" for role in TABLE for whose in WHOSE]
    yield "| action | " + " | ".join(columns) + " |"
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
    yield "# Policy file"
    yield ""
    yield "Every key of `policy.yaml`; the `policy.yaml` at the top of the repository is a complete example. Generated from the code by `make docs`."
    yield "Write durations as `90s`, `15m`, `4h`, `2d` or `1w`."
    yield from _section("Top level", schema, schema["$defs"])
    for name, part in schema["$defs"].items():
        if "properties" in part:
            yield from _section(name, part, schema["$defs"])
        elif "additionalProperties" in part:
            yield f"\n## {name}\n"
            yield "Conditions; [all of them with examples](conditions.md)."
        elif "enum" in part:
            yield f"\n## {name}\n"
            yield part.get("description", "")
            yield ""
            yield "One of " + ", ".join(f"`{value}`" for value in part["enum"]) + "."


def _section(title: str, part: Mapping[str, Any], parts: Mapping[str, Any]) -> Iterator[str]:
    yield f"\n## {title}\n"
    yield str(part.get("description", "")).replace("\n", " ")
    yield ""
    yield "| key | type | default | meaning |"
    yield "|---|---|---|---|"
    required = set(part.get("required", ()))
    for key, field in part["properties"].items():
        default = "required" if key in required else _default(field)
        meaning = str(field.get("description") or _about(field, parts)).replace("\n", " ").replace("|", "\\|")
        yield f"| `{key}` | {_type(field)} | {default} | {meaning} |"


def _about(field: Mapping[str, Any], parts: Mapping[str, Any]) -> str:
    """What a field's only type says of itself; nothing for a plain value."""
    inner = field.get("items") or field.get("additionalProperties") or field
    name = inner.get("$ref", "").rpartition("/")[2] if isinstance(inner, dict) else ""
    return str(parts[name].get("description", "")) if name else ""


def _default(field: Mapping[str, Any]) -> str:
    """A default as one would write it in the file; a section's own are in its table."""
    value = field.get("default")
    if value in (None, [], {}, "") or isinstance(value, dict):
        return ""
    return f"`{_flow(value)}`".replace("|", "\\|")


def _flow(value: object) -> str:
    """A value in YAML's flow style, durations as the file has them."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and ISO_DURATION.fullmatch(value):
        return format_duration(DURATION.validate_python(value))
    return str(value)


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
