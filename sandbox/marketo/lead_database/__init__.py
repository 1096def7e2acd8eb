"""The Lead Database: the schema of persons, the persons, and the order of their activities.

Nothing here knows calls; endpoints are in the other rooms.
"""
