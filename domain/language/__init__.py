"""What people read of codes, one catalog per audience; nothing else of the domain knows words.

`operations` speaks to whoever runs the system, `rep` to owners, `manager` to their managers,
`salesforce_record` to whoever opens the record. The other modules hold what these share.
"""
