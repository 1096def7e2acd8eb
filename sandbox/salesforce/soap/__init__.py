"""The SOAP API, and envelopes for every API that speaks SOAP or XML.

The Metadata API's own operations are in `metadata`.
"""
