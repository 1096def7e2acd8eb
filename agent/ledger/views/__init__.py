"""Reads across owners: histories, lists, journeys and gauges. Nothing is written here."""
