"""Both Bulk APIs: jobs, batches and CSV.

Single records and collections are in `rest`.
"""
