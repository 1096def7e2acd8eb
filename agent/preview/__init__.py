"""What would become of leads that somebody types or lists; nothing is ever written."""
