"""The tenant: the only code that knows HTTP, tokens and throttling."""
