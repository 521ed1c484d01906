"""Explain log codes and job errors: their meaning, causes and remedies.

Sources are the vendor's article (section "Common exceptions"), the service's ``$metadata``, public threads, and for
GenericError the documentation of SQL Server, .NET and SharePoint. Each explanation names its source and whether it was
seen or inferred. The explanation of an unknown name says that it is unknown.
"""

from analyzer.catalogue.advice import support_request
from analyzer.catalogue.lookup import OURS, Catalogue, explain
from analyzer.catalogue.model import NOT_KNOWN, SAYS_NOTHING, Explanation, Pattern, first_match

__all__ = [
    "NOT_KNOWN",
    "OURS",
    "SAYS_NOTHING",
    "Catalogue",
    "Explanation",
    "Pattern",
    "explain",
    "first_match",
    "support_request",
]
