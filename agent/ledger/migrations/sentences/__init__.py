"""What 0.1.0 kept as sentences, read back as codes; for migration 0007 alone.

The patterns here are the sentences of 0.1.0, whatever today's catalogs say. What can't be read back
stays as it was said, quoted; what a replay needs and can't be read back stops the migration.
"""
