"""What really happened to assigned leads, as vendors show it. Nothing is decided here."""
