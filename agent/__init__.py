"""Who decides what happens next: the ledger, the graphs, the worker and the command line."""
