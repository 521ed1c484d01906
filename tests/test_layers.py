from __future__ import annotations

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
