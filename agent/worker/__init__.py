"""The worker: ticks, their order, the schedule and the telemetry.

What a tick does lies in the rooms it calls.
"""
