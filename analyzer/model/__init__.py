"""Types and facts that every stage shares: what the service promises, jobs, tables, outcomes, IDs, addresses, text."""
