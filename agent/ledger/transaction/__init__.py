"""Writing one step, all or nothing, over the tables of every owner. Nothing is decided here."""
