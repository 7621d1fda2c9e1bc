"""Catalogs signed by keys that live for one test, and a site that pins one."""

from base64 import b64encode
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.patches.made import advisory
from zmward.profile import Patches

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
KEY = Ed25519PrivateKey.generate()
OTHER = Ed25519PrivateKey.generate()


def public(key: Ed25519PrivateKey) -> str:
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return b64encode(raw).decode()


SITE = Patches(catalog_keys=(public(KEY),))


def catalog(serial: int = 7, **values: Any) -> bytes:
    rows = values.pop("rows", (advisory(88888), advisory(88889)))
    generated = values.pop("generated", date(2026, 11, 30))
    found = {
        "schema": "zmward.catalog/1",
        "serial": serial,
        "issued": datetime(2026, 11, 30, 8, tzinfo=UTC),
        "advisories": {"generated": generated, "rows": rows},
    }
    return msgspec.json.encode(found | values)


def signature(content: bytes, key: Ed25519PrivateKey = KEY) -> bytes:
    return key.sign(content)
