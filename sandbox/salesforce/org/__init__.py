"""The org: its schema, record ids, values of fields, owners, settings and errors.

Nothing here changes a record or knows an API.
"""
