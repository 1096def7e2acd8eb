"""Hostile values at every place where something enters, one at a time, and who suffers from it.

    python -m tests.hostile 100000 SEED

A value is corrupted on the wire, between the vendor and us; nothing of ours is replaced. Four
rules are kept: no tick dies; every other lead gets what it gets without the corruption; whoever
is struck is routed, or listed with a reason where people look; nothing is done twice.
"""
