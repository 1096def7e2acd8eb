"""The REST API: records, collections, queries, search, composite requests and describes.

Jobs are in `bulk`, the Tooling API in `metadata`.
"""
