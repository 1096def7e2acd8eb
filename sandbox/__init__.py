"""A local copy of the outside world: Marketo, Salesforce, Slack, enrichment and a chat model.

It imports nothing of the rest of the project, so that the two can never agree on the same
mistake: what it does is written from the vendors' own pages, and `tools/` is tested against it.
"""
