"""What is measured of leads: speed, coverage, quality, leakage, cohorts, alerts.

Figures only; how they look is the agent's part.
"""
