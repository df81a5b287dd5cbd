"""Finds out what is wrong before a sync does: with what is configured, with a connection, with the warehouse and the places around it."""
