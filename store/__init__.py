"""PostgreSQL: tables, migrations and repositories."""
