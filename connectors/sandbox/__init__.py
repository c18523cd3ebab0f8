"""A bank to try things on: invented customers, real services. It knows nothing of our ledger or records."""
