"""Login: the grants of OAuth, and the sessions that they open.

The SOAP API's `login()` is in `soap`.
"""
