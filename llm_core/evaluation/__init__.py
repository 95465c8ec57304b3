"""A model, a prompt table, retrieval, summaries against data."""
