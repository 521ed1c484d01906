"""The files of a retry: records, manifest, and lists, all of them or none."""
