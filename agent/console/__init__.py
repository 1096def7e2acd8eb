"""The console: one screen that says whether leads are worked, and the leads behind each number."""
