"""The PostgreSQL warehouse: connection, migrations, staging, history. It never knows a platform."""
