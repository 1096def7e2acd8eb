"""What is wrong with a policy that is well formed, before it routes a single lead."""
