"""A retry file by the module ``json``, the whole source in memory: ``json_load.py SOURCE LOG IDPROPERTY OUT``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

SOURCE, LOG, ID_PROPERTY, OUT = sys.argv[1:]

with Path(LOG).open(encoding="utf-8-sig") as log:
    wanted = {line.split("\t")[1].lower().rpartition("|")[2] for line in log}
with Path(SOURCE).open(encoding="utf-8") as source:
    records = json.load(source)["value"]
with Path(OUT).open("w", encoding="utf-8-sig") as target:
    selected = [record for record in records if record[ID_PROPERTY].lower() in wanted]
    json.dump({"value": selected}, target, ensure_ascii=False)
