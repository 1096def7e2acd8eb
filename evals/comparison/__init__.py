"""Two sets of prompts compared from beginning to end, and held against the kept baselines.

How the result is shown is in `report`.
"""
