"""Tables in, tables out: outcomes, failures, trends. Reads and writes nothing."""
