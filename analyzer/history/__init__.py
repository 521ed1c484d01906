"""What a library's jobs say together: retries and the runs that they repair, who is still open, what is superseded."""
