"""A retry file by the module ``json``, the whole source in memory: ``json_load.py SOURCE LOG IDPROPERTY OUT``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from failed import failed_ids

SOURCE, LOG, ID_PROPERTY, OUT = sys.argv[1:]

wanted = failed_ids(LOG)
with Path(SOURCE).open(encoding="utf-8") as source:
    records = json.load(source)["value"]
with Path(OUT).open("w", encoding="utf-8-sig") as target:
    selected = [record for record in records if record[ID_PROPERTY].lower() in wanted]
    json.dump({"value": selected}, target, ensure_ascii=False)
