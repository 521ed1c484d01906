"""A retry file by one pass of msgspec over a memory map: ``msgspec_raw.py SOURCE LOG IDPROPERTY OUT``.

The pass leaves each record as ``Raw``, a view of its bytes; of each a decoder that knows nothing but the id reads that.
All steps between are in C (``map``, ``compress``), and memory is left to the process's end.
"""

from __future__ import annotations

import gc
import mmap
import os
import sys
from itertools import compress
from operator import attrgetter
from pathlib import Path

import msgspec

SOURCE, LOG, ID_PROPERTY, OUT = sys.argv[1:]


class Document(msgspec.Struct):
    """The import format."""

    value: list[msgspec.Raw]


gc.disable()
with Path(LOG).open(encoding="utf-8-sig") as log:
    wanted = {line.split("\t")[1].lower().rpartition("|")[2] for line in log}
record = msgspec.defstruct("record", [("id", str)], rename={"id": ID_PROPERTY}, gc=False)
with Path(SOURCE).open("rb") as stream:
    mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
raws = msgspec.json.decode(mapped, type=Document).value
ids = map(str.lower, map(attrgetter("id"), map(msgspec.json.Decoder(record).decode, raws)))
with Path(OUT).open("wb") as target:
    target.write(b'\xef\xbb\xbf{"value":[\n')
    target.write(b",\n".join(compress(raws, map(wanted.__contains__, ids))))
    target.write(b"\n]}\n")
os._exit(0)  # the records are given back with the process, not one by one
