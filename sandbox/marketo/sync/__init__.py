"""The native sync between Marketo and Salesforce.

What an integration syncs over either API is not here.
"""
