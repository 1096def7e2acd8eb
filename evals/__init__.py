"""How we know that a change of a prompt is better; the harness comes with its own issue."""
