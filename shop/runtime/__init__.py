"""What runs on one machine without set-up: embedded PostgreSQL and Valkey, and the supervisor."""
