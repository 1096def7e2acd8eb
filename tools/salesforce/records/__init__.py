"""Reading Salesforce's records into our values: candidates, owners, activities, outcomes.

Nothing here changes a record.
"""
