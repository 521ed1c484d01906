"""Records in valid JSON, and without some of their members; every other byte stays."""
