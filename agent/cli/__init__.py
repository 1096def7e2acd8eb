"""The command line. Each command opens what it needs and leaves the work to the rooms below."""
