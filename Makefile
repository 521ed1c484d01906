# Each target sets itself up in .venv and needs only Python 3.11 or later; on Windows: py make.py demo
PYTHON ?= python3

.PHONY: demo test format fuzz bench
demo test format fuzz bench:
	@$(PYTHON) make.py $@
