"""The graphs: each is short, moves a whole batch one step, and keeps nothing of its own."""
