"""PostgreSQL: models, migrations, the set-based SQL of the hot path, and the embedded server."""
