"""SharePoint's REST calls: jobs, files, downloads, uploads, queueing."""
