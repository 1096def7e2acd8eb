"""What one run may touch, and what may stop it. No graph and no vendor is named here."""
