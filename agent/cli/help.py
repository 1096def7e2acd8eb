"""`--help` in plain text, alike for all commands: Rich's own help takes as long again to load."""

import re
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

OTHERS = "Commands"
"""Where a command stands that names no group."""

RANGE, LEAST = re.compile(r"\b(\d+)<=x<=(\d+)"), re.compile(r"\bx>=(\d+)")


class Command(TyperCommand):
    """Values in capitals, as in Git's manual; examples last."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ANN401  (Typer's own Click)
        """The usage line behind the command: `[OPTIONS]`, then each argument by its name."""
        arguments = (one for one in self.get_params(ctx) if one.param_type_name == "argument")
        named = [_name(one) if one.required else f"[{_name(one)}]" for one in arguments]
        return ["[OPTIONS]", *named]

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401  (Typer's own Click)
        """Arguments, then options."""
        _write_parameters(self, ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401  (Typer's own Click)
        """The epilog is the examples, one a line."""
        del ctx
        if self.epilog:
            with formatter.section("Examples"):
                for line in self.epilog.splitlines():
                    formatter.write(f"{'':{formatter.current_indent}}{line}\n")


class Grouped(TyperGroup):
    """Commands under the headings that they name, each with its first sentence."""

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401  (Typer's own Click)
        """Options, then commands."""
        _write_parameters(self, ctx, formatter)
        self.format_commands(ctx, formatter)

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


class Commands(typer.Typer):
    """Commands whose help reads alike, wherever they are added."""

    def __init__(self, help: str, *, name: str | None = None, bare: bool = False) -> None:  # noqa: A002  (Typer's word)
        """Hold the commands of a group; `bare`: the group does something without a command."""
        super().__init__(
            name=name,
            help=help,
            no_args_is_help=not bare,
            add_completion=False,
            pretty_exceptions_enable=False,
            rich_markup_mode=None,
            context_settings={"help_option_names": ["-h", "--help"]},
            cls=Grouped,
        )

    def command(  # pyright: ignore[reportIncompatibleMethodOverride]  (of its options, those we use)
        self, name: str | None = None, *, group: str | None = None, examples: str | None = None
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Add a command under a heading of `--help`; `examples` are whole lines of a terminal."""
        return super().command(name, cls=Command, rich_help_panel=group, epilog=examples)


def _write_parameters(command: Any, ctx: Any, formatter: Any) -> None:  # noqa: ANN401  (Typer's own Click)
    """A table of the arguments and one of the options."""
    tables: dict[str, list[tuple[str, str]]] = {"argument": [], "option": []}
    for one in command.get_params(ctx):
        record = one.get_help_record(ctx)
        if record is not None:
            kind, (left, right) = one.param_type_name, record
            tables[kind].append((_name(one) if kind == "argument" else left, _ranges(right)))
    for kind, rows in tables.items():
        if rows:
            with formatter.section(f"{kind.capitalize()}s"):
                formatter.write_dl(rows)


def _name(argument: Any) -> str:  # noqa: ANN401  (Typer's own Click)
    return str(argument.metavar or argument.name.upper())


def _ranges(text: str) -> str:
    """Ranges of numbers as people write them."""
    return LEAST.sub(r"at least \1", RANGE.sub(r"\1 to \2", text))


def first_sentence(text: str) -> str:
    """The first sentence of a help text, as one line."""
    line = " ".join(text.partition("\n\n")[0].split())
    sentence, stop, _ = line.partition(". ")
    return f"{sentence}." if stop else line
