"""What the codes of logs and the errors of jobs mean, why they occur, and what to do.

The knowledge is the vendor's article (its section "Common exceptions"), the service's ``$metadata``, public threads,
and for the messages of a GenericError what SQL Server, .NET and SharePoint document of theirs; each explanation says
which, and whether it was seen or is inferred. What is unknown has an explanation that says so.
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
