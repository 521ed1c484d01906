"""Write the findings of a check for pipelines: SARIF, JUnit XML, and Markdown."""
