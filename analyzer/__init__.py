"""Log and job-result analyzer for bulk imports of SharePoint Online user profile properties."""
