"""Read the configuration, and connect to a configured tenant."""
