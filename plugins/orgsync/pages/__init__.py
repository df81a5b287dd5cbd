"""The organization on pages inside Airflow: a FastAPI app that its API server mounts."""
