"""Which parameter of Postfix zmconfigd renders from which attribute, and how."""

from collections.abc import Mapping
from typing import Final

_YES_NO: Final = {"TRUE": "yes", "FALSE": "no"}

# attribute → parameter of main.cf
PARAMETERS: Final[Mapping[str, str]] = {
    "zimbraMtaMyNetworks": "mynetworks",
    "zimbraMtaSaslAuthEnable": "smtpd_sasl_auth_enable",
    "zimbraMtaTlsAuthOnly": "smtpd_tls_auth_only",
    "zimbraMtaTlsSecurityLevel": "smtpd_tls_security_level",
    "zimbraMtaSmtpdTlsProtocols": "smtpd_tls_protocols",
    "zimbraMtaSmtpdTlsMandatoryProtocols": "smtpd_tls_mandatory_protocols",
    "zimbraMtaSmtpdTlsCiphers": "smtpd_tls_ciphers",
    "zimbraMtaSmtpdTlsMandatoryCiphers": "smtpd_tls_mandatory_ciphers",
    "zimbraMtaSmtpdTlsExcludeCiphers": "smtpd_tls_exclude_ciphers",
    "zimbraMtaSmtpTlsSecurityLevel": "smtp_tls_security_level",
    "zimbraMtaSmtpTlsProtocols": "smtp_tls_protocols",
    "zimbraMtaSmtpTlsCiphers": "smtp_tls_ciphers",
    "zimbraMtaSmtpdSenderLoginMaps": "smtpd_sender_login_maps",
    "zimbraMtaSmtpdRejectUnlistedSender": "smtpd_reject_unlisted_sender",
    "zimbraMtaSmtpdRejectUnlistedRecipient": "smtpd_reject_unlisted_recipient",
    "zimbraMtaSmtpdHeloRequired": "smtpd_helo_required",
    "zimbraMtaSmtpdBanner": "smtpd_banner",
    "zimbraMtaSmtpdClientRestrictions": "smtpd_client_restrictions",
    "zimbraMtaSmtpdDataRestrictions": "smtpd_data_restrictions",
    "zimbraMtaSmtpdErrorSleepTime": "smtpd_error_sleep_time",
    "zimbraMtaSmtpdSoftErrorLimit": "smtpd_soft_error_limit",
    "zimbraMtaSmtpdHardErrorLimit": "smtpd_hard_error_limit",
    "zimbraMtaSmtpdClientAuthRateLimit": "smtpd_client_auth_rate_limit",
    "zimbraMtaSmtpdClientPortLogging": "smtpd_client_port_logging",
    "zimbraMtaPostscreenDnsblAction": "postscreen_dnsbl_action",
    "zimbraMtaPostscreenDnsblSites": "postscreen_dnsbl_sites",
    "zimbraMtaPostscreenDnsblThreshold": "postscreen_dnsbl_threshold",
    "zimbraMtaPostscreenGreetAction": "postscreen_greet_action",
    "zimbraMtaPostscreenBlacklistAction": "postscreen_blacklist_action",
    "zimbraMtaPostscreenAccessList": "postscreen_access_list",
    "zimbraMtaPostscreenBareNewlineAction": "postscreen_bare_newline_action",
    "zimbraMtaPostscreenBareNewlineEnable": "postscreen_bare_newline_enable",
    "zimbraMtaPostscreenNonSmtpCommandAction": "postscreen_non_smtp_command_action",
    "zimbraMtaPostscreenNonSmtpCommandEnable": "postscreen_non_smtp_command_enable",
    "zimbraMtaPostscreenPipeliningAction": "postscreen_pipelining_action",
    "zimbraMtaPostscreenPipeliningEnable": "postscreen_pipelining_enable",
    "zimbraMtaSmtpdSaslAuthenticatedHeader": "smtpd_sasl_authenticated_header",
    "zimbraMtaSmtpdSaslSecurityOptions": "smtpd_sasl_security_options",
    "zimbraMtaSmtpdTlsReceivedHeader": "smtpd_tls_received_header",
    "zimbraMtaSmtpdTlsLoglevel": "smtpd_tls_loglevel",
    "zimbraMtaSmtpTlsLoglevel": "smtp_tls_loglevel",
    "zimbraMtaSmtpTlsMandatoryCiphers": "smtp_tls_mandatory_ciphers",
    "zimbraMtaSmtpDnsSupportLevel": "smtp_dns_support_level",
    "zimbraMtaLmtpTlsSecurityLevel": "lmtp_tls_security_level",
    "zimbraMtaLmtpTlsProtocols": "lmtp_tls_protocols",
    "zimbraMtaLmtpTlsMandatoryProtocols": "lmtp_tls_mandatory_protocols",
    "zimbraMtaLmtpTlsCiphers": "lmtp_tls_ciphers",
    "zimbraMtaLmtpTlsMandatoryCiphers": "lmtp_tls_mandatory_ciphers",
    "zimbraMtaMilterDefaultAction": "milter_default_action",
    "zimbraMtaMaxMessageSize": "message_size_limit",
}


def rendered(attribute: str, values: tuple[str, ...]) -> dict[str, str]:
    """Return the parameter as zmconfigd writes it; empty where no row says so."""
    parameter = PARAMETERS.get(attribute)
    if parameter is None:
        return {}
    return {parameter: " ".join(_YES_NO.get(value, value) for value in values)}
