"""Texts as a file that is small and the same for the same texts."""

import lzma
from collections.abc import Sequence
from pathlib import Path

BETWEEN = "\n\f\n"
"""A page's end, as in printing: no story holds one."""


def write(texts: Sequence[str], path: Path) -> None:
    """Write texts one after the other."""
    whole = BETWEEN.join(texts)
    path.write_bytes(lzma.compress(whole.encode(), preset=9 | lzma.PRESET_EXTREME))


def read(path: Path) -> list[str]:
    """The texts of a file."""
    return lzma.decompress(path.read_bytes()).decode().split(BETWEEN)
