"""`--help` in plain text, commands by group: Rich's own help takes as long again to load."""

from typing import Any

from typer.core import TyperGroup

OTHERS = "Commands"
"""Where a command stands that names no group."""


class Grouped(TyperGroup):
    """Commands under the headings that they name, each with its first sentence."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401  (Typer's own Click)
        """Write a table for each heading, in the order in which the commands were added."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command: Any = self.get_command(ctx, name)
            if command is None or command.hidden:
                continue
            heading = getattr(command, "rich_help_panel", None)
            row = (name, first_sentence(command.help or ""))
            groups.setdefault(heading if isinstance(heading, str) else OTHERS, []).append(row)
        for heading, rows in groups.items():
            with formatter.section(heading):
                formatter.write_dl(rows)


def first_sentence(text: str) -> str:
    """The first sentence of a help text, as one line."""
    line = " ".join(text.partition("\n\n")[0].split())
    sentence, stop, _ = line.partition(". ")
    return f"{sentence}." if stop else line
