"""Marketo Engage: persons, activities, lists, campaigns, and the native sync with Salesforce."""

from sandbox.marketo.face import face
from sandbox.marketo.identity import CLIENT_ID, CLIENT_SECRET

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "face"]
