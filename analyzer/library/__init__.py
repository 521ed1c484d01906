"""The library: a folder that mirrors one tenant, and how it is brought up to date."""
