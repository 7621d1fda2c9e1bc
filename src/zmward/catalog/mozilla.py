"""Mozilla's intermediate profile for TLS servers, as rows.

Version 6.0 of 2026-04-06, from https://ssl-config.mozilla.org/guidelines/6.0.json.
"""

from typing import Final

VERSION: Final = "6.0"
DATE: Final = "2026-04-06"
HREF: Final = "https://ssl-config.mozilla.org/guidelines/6.0.json"

PROTOCOLS: Final = ("TLS 1.2", "TLS 1.3")
CIPHERS: Final = {
    0x1301: "TLS_AES_128_GCM_SHA256",
    0x1302: "TLS_AES_256_GCM_SHA384",
    0x1303: "TLS_CHACHA20_POLY1305_SHA256",
    0xC02B: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    0xC02C: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    0xC02F: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    0xC030: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    0xCCA8: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    0xCCA9: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
}
# Part of the profile until version 5.7 of 2023-05-15. With 2048 bits they are as safe
# as ever: they were dropped because they cost a server much time.
EARLIER: Final = {
    0x009E: "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
    0x009F: "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
    0xCCAA: "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
}
ACCEPTED: Final = frozenset((*CIPHERS.values(), *EARLIER.values()))
DH_BITS: Final = 2048
