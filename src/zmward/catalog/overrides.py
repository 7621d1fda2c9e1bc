"""Attributes that single accounts may set against their class of service.

A control on a class of service also judges the accounts that deviate from it, so
each attribute that such a control names stands here: one search asks for them all.
"""

from typing import Final

OVERRIDES: Final = (
    "zimbraAdminAuthTokenLifetime",
    "zimbraAllowAnyFromAddress",
    "zimbraAuthTokenLifetime",
    "zimbraDataSourceMaxNumEntries",
    "zimbraExternalShareDomainWhitelistEnabled",
    "zimbraExternalShareLifetime",
    "zimbraExternalSharingEnabled",
    "zimbraFeatureAllowUsernameInPassword",
    "zimbraFeatureAppSpecificPasswordsEnabled",
    "zimbraFeatureEwsEnabled",
    "zimbraFeatureFileTypeUploadRestrictionsEnabled",
    "zimbraFeatureImapDataSourceEnabled",
    "zimbraFeatureMailForwardingEnabled",
    "zimbraFeatureMailForwardingInFiltersEnabled",
    "zimbraFeatureMobileSyncEnabled",
    "zimbraFeaturePop3DataSourceEnabled",
    "zimbraFeatureResetPasswordStatus",
    "zimbraFeatureSharingEnabled",
    "zimbraFeatureTrustedDevicesEnabled",
    "zimbraFeatureTwoFactorAuthAvailable",
    "zimbraFeatureTwoFactorAuthRequired",
    "zimbraFeatureViewInHtmlEnabled",
    "zimbraFilePublicShareLifetime",
    "zimbraImapEnabled",
    "zimbraMailIdleSessionTimeout",
    "zimbraPasswordBlockCommonEnabled",
    "zimbraPasswordEnforceHistory",
    "zimbraPasswordLockoutDuration",
    "zimbraPasswordLockoutEnabled",
    "zimbraPasswordLockoutMaxFailures",
    "zimbraPasswordMinLength",
    "zimbraPop3Enabled",
    "zimbraPrefShortEmailAddress",
    "zimbraPublicShareLifetime",
    "zimbraPublicSharingEnabled",
    "zimbraShareLifetime",
    "zimbraSmtpRestrictEnvelopeFrom",
    "zimbraTwoFactorAuthLockoutMaxFailures",
    "zimbraTwoFactorAuthTrustedDeviceTokenLifetime",
)
