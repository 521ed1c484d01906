from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_the_layers_keep_to_their_contracts(tmp_path: Path) -> None:
    command = "from importlinter.cli import lint_imports_command as command; command()"
    arguments = ["--config", str(ROOT / "pyproject.toml"), "--cache-dir", str(tmp_path)]
    checked = subprocess.run(
        [sys.executable, "-c", command, *arguments], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "0 broken" in checked.stdout


def test_the_emulator_shares_only_the_facts_about_the_service_with_the_rest() -> None:
    sources = sorted((ROOT / "analyzer" / "emulator").rglob("*.py"))
    imported = {
        name
        for source in sources
        for name in re.findall(r"(?m)^\s*(?:from|import) (analyzer[\w.]*)", source.read_text(encoding="utf-8"))
        if not name.startswith("analyzer.emulator")
    }
    assert imported == {"analyzer.model.service"}
