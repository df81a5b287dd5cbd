"""Tries what is configured before it counts: the tenants file, message templates, saved audiences, connections."""
