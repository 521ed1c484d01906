"""The HTML report: plain rows and sentences first, then pages and charts."""
