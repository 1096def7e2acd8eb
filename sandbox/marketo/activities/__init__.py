"""Activities and their types, and paging tokens (Adobe: Activities).

Where activities are kept is in `lead_database`.
"""
