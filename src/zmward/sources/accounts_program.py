"""The shell program that asks for all accounts and counts while they stream.

Out come tallies (`+COUNT`, some names, what is counted, with tabs between), the
records of administrators, and the filter scripts that redirect.
"""

from typing import Final

from zmward.catalog.overrides import OVERRIDES

COLUMNS: Final = (
    "objectClass",
    "zimbraMailDeliveryAddress",
    "zimbraAccountStatus",
    "zimbraIsAdminAccount",
    "zimbraIsDelegatedAdminAccount",
    "zimbraIsDomainAdminAccount",
    "zimbraIsExternalVirtualAccount",
    "zimbraIsSystemAccount",
    "zimbraIsSystemResource",
    "zimbraLastLogonTimestamp",
    "zimbraCreateTimestamp",
    "zimbraCOSId",
    "zimbraTwoFactorAuthEnabled",
    "zimbraPrefMailForwardingAddress",
    "zimbraMailForwardingAddress",
    "zimbraMailSieveScript",
)

# A script has many lines, so LDIF gives it in base64: the word `redirect` at the
# three places where it can begin. Zimbra itself writes scripts in lower case.
_REDIRECT: Final = "cmVkaXJlY3|JlZGlyZWN0|yZWRpcmVjd|redirect"

_AWK: Final = r"""
    function count(most, what) {
        if (++counts[what] <= most) names[what] = names[what] " " address
    }
    function domain(mail) {
        sub(/^.*@/, "", mail)
        return mail
    }
    function start() {
        kind = "user"
        status = "none"
        factor = "no"
        dn = address = record = logon = made = class = script = ""
        admin = targets = owns = 0
    }
    function finish(    i) {
        if (dn == "") return
        matched++
        if (dn ~ /,cn=zimbra$/) kind = "principal"
        if (address == "") {
            address = dn
            gsub(/ /, "\\20", address)
        }
        named = kind == "user" && status == "active" ? 0 : 50
        count(named, "status\t" kind "\t" status)
        if (kind == "user" || kind == "guest") stands_out()
        if (kind == "user" && status == "active") ordinary()
        for (i = 1; i <= owns; i++) delete own[order[i]]
        start()
    }
    function stands_out(    i) {
        if (admin) count(50, "group\tadmin")
        if (admin && ++admins <= 500) print record
        for (i = 1; i <= owns; i++) count(50, "own" own[order[i]])
        for (i = 1; i <= targets; i++) count(20, "forward\t" target[i])
        if (script != "") {
            print "dn: script"
            print address ~ /^:/ ? "name:: " substr(address, 2) : "name: " address
            print script "\n"
        }
    }
    function ordinary() {
        count(0, "factor\t" factor)
        count(0, "cos\t" (class == "" ? "@" domain(address) : class))
        count(10, "logon\t" (logon == "" ? "never\t" made : "last\t" logon))
    }
    BEGIN {
        FS = "\n"
        number = split(watch, list, " ")
        for (i = 1; i <= number; i++) watched[tolower(list[i])] = 1
        code = 1
        start()
    }
    /^#/ { next }
    /^$/ { finish(); next }
    /^@ [0-9]+$/ { code = substr($0, 3) + 0; next }
    {
        colon = index($0, ":")
        name = tolower(substr($0, 1, colon - 1))
        value = substr($0, colon + 2)
        if (name in watched) {
            if (!(name in own)) order[++owns] = name
            own[name] = own[name] "\t" $0
        }
        if (name == "zimbramailsievescript") {
            if ($0 ~ /@REDIRECT@/) script = $0
            next
        }
        record = record $0 "\n"
        if (name == "dn") dn = value
        else if (name == "zimbramaildeliveryaddress") {
            address = value
            sub(/^ /, ":", address)
        }
        else if (name == "objectclass") {
            if (kind == "user" && tolower(value) == "zimbracalendarresource")
                kind = "resource"
        }
        else if (name == "zimbraaccountstatus") status = value
        else if (name == "zimbralastlogontimestamp") logon = substr(value, 1, 6)
        else if (name == "zimbracreatetimestamp") made = substr(value, 1, 6)
        else if (name == "zimbracosid") class = value
        else if (name == "zimbraprefmailforwardingaddress")
            target[++targets] = "own\t" domain(value)
        else if (name == "zimbramailforwardingaddress")
            target[++targets] = "hidden\t" domain(value)
        else if (value == "TRUE") {
            if (name == "zimbraisexternalvirtualaccount") kind = "guest"
            else if (name ~ /^zimbraissystem/) kind = "system"
            else if (name == "zimbratwofactorauthenabled") factor = "yes"
            else if (name ~ /^zimbrais(delegated|domain)?adminaccount$/) admin = 1
        }
    }
    END {
        finish()
        print "+" matched + 0 "\t\tmatched"
        for (what in counts) print "+" counts[what] "\t" names[what] "\t" what
        exit code
    }
"""

PROGRAM: Final = f"""
{{
    search '' sub '(objectClass=zimbraAccount)' {" ".join((*COLUMNS, *OVERRIDES))}
    printf '\\n@ %s\\n' "$?"
}} | awk -v watch='{" ".join(OVERRIDES)}' '{_AWK.replace("@REDIRECT@", _REDIRECT)}'
"""
