"""Airflow's connections, found as Airflow finds them, and without importing it where that is sure to come to the same."""
