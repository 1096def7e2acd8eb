"""One routing run: from Marketo's feeds to a decided owner.

The rules themselves lie in the domain.
"""
