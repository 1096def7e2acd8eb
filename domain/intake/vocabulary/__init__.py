"""What words mean: the shipped lists, compiled once, with what the policy adds or replaces.

`lists/` holds them as texts that anybody can read.
"""
