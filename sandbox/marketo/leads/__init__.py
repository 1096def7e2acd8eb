"""Leads: query, describe, sync, merge (Adobe: Leads).

What brings a lead into a program or a list is in `programs` and `lists`.
"""
