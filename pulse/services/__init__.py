"""Use cases: records in, records out."""
