"""The installer's diary /opt/zimbra/.install_history."""

from collections.abc import Iterator, Mapping, Sequence

ROLES = (
    *("zimbra-core", "zimbra-ldap", "zimbra-logger", "zimbra-mta", "zimbra-dnscache"),
    *("zimbra-snmp", "zimbra-store", "zimbra-apache", "zimbra-spell"),
    *("zimbra-memcached", "zimbra-proxy"),
)
STEPS = (
    *("configLCValues", "configCASetup", "configSaveCA", "configSetupLdap"),
    *("configCreateCert", "configSaveCert", "configInstallCert"),
    *("configCreateServerEntry", "configSetInstalledServices"),
    *("configSetKeyboardShortcutsPref", "configInitLogger", "configInitMta"),
    *("configInitSNMP", "configSetEnabledServices", "configCreateDomain"),
    *("configInitGALSyncAccts", "configInitSsh", "configEnableTimeZone"),
)
PATCHES = ("ldap-patch", "mta-patch", "proxy-patch", "patch")
DAY = 86_400


def lines(
    installed: int, versions: Mapping[str, str], patched: Sequence[int]
) -> Iterator[str]:
    """Return the diary of an installation and of its one patch session."""
    now = installed

    def tick(seconds: int) -> int:
        nonlocal now
        now += seconds
        return now

    yield f"{now}: INSTALL SESSION START"
    for name in ROLES:
        yield f"{tick(4)}: INSTALLED {name}_{versions[name]}_amd64.deb"
    yield f"{tick(2)}: INSTALL SESSION COMPLETE"
    yield f"{tick(40)}: CONFIG SESSION START"
    yield f"{tick(0)}: CONFIGURED BEGIN"
    for step in STEPS:
        yield f"{tick(7)}: CONFIGURED {step}"
    yield f"{tick(9)}: CONFIGURED END"
    yield f"{tick(1)}: CONFIG SESSION COMPLETE"
    for when, kind in zip(patched, PATCHES, strict=True):
        version = versions[f"zimbra-{kind}"].removesuffix(".u22")
        yield f"{when}: CONFIG SESSION START"
        yield f"{when + 3}: CONFIGURED {kind} {version}"
        yield f"{when + 3}: CONFIG SESSION COMPLETE"
