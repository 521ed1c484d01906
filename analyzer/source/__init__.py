"""Read source files record by record, in constant memory, and diagnose their faults."""
