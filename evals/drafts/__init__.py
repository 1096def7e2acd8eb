"""What happened in production as drafts of cases, with everybody's names replaced.

A draft joins no split before a person said what is expected.
"""
