"""Whose certificates are believed: of ``ca_file``, else of the environment's bundle, else of the platform's store."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

import truststore

from analyzer.errors import UsageError
from analyzer.storage.files import plain_words

if TYPE_CHECKING:
    from collections.abc import Mapping

BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables that name a bundle or a folder in the platform's place; on Linux its store heeds OpenSSL's own, too."""


def trust(ca_file: Path | None, environment: Mapping[str, str] = os.environ) -> ssl.SSLContext:
    """What TLS connections are made with.

    Args:
        ca_file: authorities in PEM form, and no others; None for the platform's.
        environment: may name a bundle, which ``ca_file`` wins over.

    Raises:
        UsageError: the file that is named cannot be read or holds no certificate.
    """
    if ca_file is not None:
        return _of_file(ca_file, 'Correct "ca_file" in the configuration: the authority\'s certificate in PEM form.')
    for name in BUNDLES:
        if bundle := environment.get(name):
            return _of_file(Path(bundle), f"The environment variable {name} names it: correct it there, or unset it.")
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _of_file(path: Path, advice: str) -> ssl.SSLContext:
    try:
        if path.is_dir():
            return ssl.create_default_context(capath=str(path))
        return ssl.create_default_context(cafile=str(path))
    except ssl.SSLError as error:
        raise UsageError(f"{path} holds no certificate of an authority", advice) from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {plain_words(error)}", advice) from error
