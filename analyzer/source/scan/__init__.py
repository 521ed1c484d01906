"""Find the records of some users, or of everybody, at C speed."""
