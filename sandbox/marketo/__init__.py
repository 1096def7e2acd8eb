"""Marketo Engage: persons, activities, lists, campaigns, and the native sync with Salesforce.

Of other vendors it knows only Salesforce's records, which the sync and some flow steps write.
"""

from sandbox.marketo.access.identity import CLIENT_ID, CLIENT_SECRET
from sandbox.marketo.api import face

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "face"]
