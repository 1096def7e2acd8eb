"""What can be looked up: each answer is made by code from records. Nothing is changed here."""
