"""The world as state: tables of rows, one clock, one future, one journal.

What a vendor makes of them is in that vendor's room.
"""
