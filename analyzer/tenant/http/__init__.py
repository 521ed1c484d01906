"""HTTP with a tenant: sessions, throttling, retries, errors."""
