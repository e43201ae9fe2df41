//! Durable state: SQLite or PostgreSQL.
