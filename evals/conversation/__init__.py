"""The conversation task: the product's own conversation in a small world, and what came of it."""
