"""What the work costs: calls, seconds and memory, beside a baseline of the same run."""
