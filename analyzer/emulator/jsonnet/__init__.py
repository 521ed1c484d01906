"""Reading a source file as Json.NET does by its defaults, and failing in its words.

The service reads source files with Json.NET (its messages are in the logs of aborted jobs). What is taken beyond
JSON, the texts and the positions are those of https://github.com/JamesNK/Newtonsoft.Json, ``JsonTextReader``,
``JsonReader`` and ``JsonPosition``. That the service uses the defaults is inferred.
"""

from analyzer.emulator.jsonnet.model import JsonReaderError, Scalar
from analyzer.emulator.jsonnet.records import read_records

__all__ = ["JsonReaderError", "Scalar", "read_records"]
