"""The directory: users as exports of Entra ID list them, and which user an ID belongs to."""
