"""What is wrong at a place of a source file, and whose record it is."""
