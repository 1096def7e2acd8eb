"""Marketo Engage: persons, activities, lists, campaigns, and the native sync with Salesforce."""

from sandbox.marketo.face import CLIENT_ID, CLIENT_SECRET, face

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "face"]
