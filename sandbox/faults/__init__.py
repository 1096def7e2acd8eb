"""Faults as data: which requests are struck, how, and how often.

The errors that vendors answer of their own accord are in their rooms.

A fault is a row of `sandbox.fault`, put there by the control face or by `add`; `through` lets a
request pass all of them on its way to a vendor's face. Rows and counts are in the world, so that
a snapshot keeps them, and the same seed with the same requests strikes the same ones.
"""

from sandbox.faults.injection import add, add_profile, clear, delivered, remove, standing, through
from sandbox.faults.model import (
    Act,
    Delay,
    Double,
    Drip,
    Error,
    Fault,
    FaultError,
    Hide,
    Partial,
    Quota,
    Reorder,
    Repeat,
    Replay,
    Reset,
    Stale,
    Status,
    Truncate,
    parse,
)
from sandbox.faults.profiles import PROFILES, Profile

__all__ = [
    "PROFILES",
    "Act",
    "Delay",
    "Double",
    "Drip",
    "Error",
    "Fault",
    "FaultError",
    "Hide",
    "Partial",
    "Profile",
    "Quota",
    "Reorder",
    "Repeat",
    "Replay",
    "Reset",
    "Stale",
    "Status",
    "Truncate",
    "add",
    "add_profile",
    "clear",
    "delivered",
    "parse",
    "remove",
    "standing",
    "through",
]
