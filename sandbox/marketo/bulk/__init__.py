"""Bulk extract and bulk import: jobs and their files (Adobe: Bulk Import, Bulk Extract).

How a record is written one by one is in the rooms of the records.
"""
