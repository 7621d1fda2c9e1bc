"""Which attributes are secrets, over every name of Zimbra's own schema."""

import re
from typing import Final

from zmward.catalog.attributes import attributes
from zmward.configuration.sealed import Seal
from zmward.sources.masking import NO_SECRET, SECRET_ENDING, holds_secret, masked_line

# The schema lets them hold numbers, times, or words of its own only.
PLAIN: Final = {"boolean", "enum", "integer", "long", "port", "duration", "gentime"}
SOUNDS: Final = re.compile(
    "passw|secret|token|credential|key|license|activation|code|session|cert",
    re.IGNORECASE,
)
# What sounds like a secret, is a text, and is none: looked at one by one.
NONE: Final = """
postalCode userCertificate userSMIMECertificate zimbraCertAuthorityCertSelfSigned
zimbraChangePasswordURL zimbraDataSourceOAuthRefreshTokenUrl
zimbraDomainAggrQuotaWarnMsgBodyKey zimbraDomainAggrQuotaWarnMsgSubjectKey
zimbraGalLdapKerberos5Keytab zimbraGalSyncLdapKerberos5Keytab
zimbraLicenseDaemonServerHost zimbraLicenseNotificationEmail
zimbraMailSSLClientCertBindAddress zimbraMailSSLClientCertPrincipalMap
zimbraMobileConfigSigningCertificate zimbraMobileSyncKeyFormatConvertedFolders
zimbraMtaSmtpSaslPasswordMaps zimbraMyoneloginSamlSigningCert
zimbraPasswordAllowedChars zimbraPasswordAllowedPunctuationChars
zimbraPasswordChangeListener zimbraPrefMailSMIMECertificate
zimbraPrefPasswordRecoveryAddress zimbraRemoteManagementPrivateKeyPath
zimbraReverseProxyClientCertCA zimbraReverseProxySSLSessionCacheSize
zimbraSSLCertificate zimbraSmimePublicCertificateExtensions
zimbraSmimeUserCertificateExtensions zimbraSshPublicKey zimbraSslCaCert
zimbraTwoFactorCodeEmailBodyHtml zimbraTwoFactorCodeEmailBodyText
zimbraTwoFactorCodeEmailFrom zimbraTwoFactorCodeEmailSubject zimbraZimletKeyword
""".split()  # noqa: SIM905  # one line a row reads better
VALUE: Final = "hunter2hunter2"


def test_what_can_be_no_text_is_no_secret() -> None:
    rows = attributes().items()
    plain = {name for name, row in rows if row.type in PLAIN}
    assert not [name for name in plain if holds_secret(name)]
    ending = re.compile(SECRET_ENDING)
    freed = {name for name in plain if ending.search(name.lower())}
    # No name is let through that the schema does not hold to numbers and words.
    assert freed == {n for n in attributes() if re.search(NO_SECRET, n.lower())}
    assert len(freed) == NO_SECRET.count("|") + 1


def test_every_text_that_sounds_like_a_secret_is_one_or_was_looked_at() -> None:
    texts = {name for name, row in attributes().items() if row.type not in PLAIN}
    assert set(NONE) <= texts
    shown = {name for name in texts if SOUNDS.search(name) and not holds_secret(name)}
    assert shown == set(NONE)


def test_no_secret_of_the_schema_is_shown() -> None:
    seal, seen = Seal(b"k" * 32, "node"), 0
    for name, row in attributes().items():
        kept = seal.attribute(name, VALUE)
        line = masked_line(f"{name}: {VALUE}")
        secret = row.type not in PLAIN and bool(SOUNDS.search(name))
        if secret and name not in NONE:
            seen += 1
            assert VALUE not in kept.text, name
            assert VALUE not in line, name
        assert (VALUE in line) is not holds_secret(name), name
    assert seen > 40


def test_values_of_policies_are_shown() -> None:
    seal = Seal(b"k" * 32, "node")
    for name, value in (
        ("zimbraChatAllowUnencryptedPassword", "FALSE"),
        ("zimbraMobilePolicyAllowSimpleDevicePassword", "TRUE"),
        ("zimbraMobilePolicyDevicePasswordHistory", "8"),
        ("zimbraTwoFactorAuthNumScratchCodes", "10"),
        ("zimbraFeatureAllowUsernameInPassword", "TRUE"),
    ):
        kept = seal.attribute(name, value)
        assert (kept.text, kept.secret) == (value, False)
