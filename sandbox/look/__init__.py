"""A place to look, mounted at `/look`: Slack as people see it, records, the clock, faults, journal.

It shows and presses what is there; nothing that a vendor does happens here.

Everything is plain HTML made here; one script of our own keeps it up to date. Whatever comes from
the world is data: templates escape it, links go only to web addresses, and the content policy lets
nothing run or load that isn't ours.
"""

from sandbox.look.routes import face

__all__ = ["face"]
