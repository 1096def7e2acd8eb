"""From the assignment to the first touch: clocks, escalation, touches, reassignment.

It writes nothing and words no message.
"""
