"""How we speak with the outside world: vendors' words outside, domain values inside."""
