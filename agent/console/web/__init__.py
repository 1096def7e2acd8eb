"""The console as a web application: its map, its guards, its server. Pages hold what is shown."""
