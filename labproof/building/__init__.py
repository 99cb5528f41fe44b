"""What roles need beyond the collections: preflight, rights, triggers."""
