"""Files on disk: written atomically, several at once, under a lock, and as CSV, XLSX or Parquet."""
