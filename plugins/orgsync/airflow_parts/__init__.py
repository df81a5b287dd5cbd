"""What Airflow shows and runs for us beside the DAGs: operator, notifier, approval, forms, connection tests, pools."""
