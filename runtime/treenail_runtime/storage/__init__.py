"""What is kept: SQLite or PostgreSQL through SQLAlchemy; adapters of the ports in `auth`."""
